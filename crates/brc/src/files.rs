//! Pointers to files, and to what has a file descriptor.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use keyway_object_model::WeakCounts;

use crate::pointer::Shared;

impl<S: WeakCounts> Read for Shared<File, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&**self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&**self).read_vectored(buffers)
    }

    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        (&**self).read_to_end(buffer)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&**self).read_to_string(text)
    }
}

impl<S: WeakCounts> Write for Shared<File, S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        (&**self).write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&**self).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&**self).flush()
    }
}

impl<S: WeakCounts> Seek for Shared<File, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&**self).seek(to)
    }
}

#[cfg(unix)]
impl<T: ?Sized + AsFd, S: WeakCounts> AsFd for Shared<T, S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

#[cfg(unix)]
impl<T: AsRawFd, S: WeakCounts> AsRawFd for Shared<T, S> {
    fn as_raw_fd(&self) -> RawFd {
        (**self).as_raw_fd()
    }
}
