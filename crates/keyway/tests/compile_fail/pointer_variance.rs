//! E0308: a pointer, strong or weak, coerced to one whose contents are a supertype's. An object is
//! dropped as what it was made as: contents written as a supertype's would be dropped as another
//! type, here one that lends its function a text which is freed at once. A covariant pointer, as
//! `Arc` is, is coerced without a word.

use std::sync::{Arc, Mutex};

use keyway::{Brc, Weak};

type General = for<'a> fn(&'a str);
type Special = fn(&'static str);

trait Call {
    fn call(&self);
}

impl Call for General {
    fn call(&self) {
        self(&String::from("freed at once"));
    }
}

impl Call for Special {
    fn call(&self) {}
}

struct CalledOnDrop<F: Call>(F);

impl<F: Call> Drop for CalledOnDrop<F> {
    fn drop(&mut self) {
        self.0.call();
    }
}

static KEPT: Mutex<&'static str> = Mutex::new("");

fn keep(text: &'static str) {
    *KEPT.lock().unwrap() = text;
}

fn covariant(value: Arc<CalledOnDrop<General>>) -> Arc<CalledOnDrop<Special>> {
    value
}

#[cfg(not(control))]
type To = Special;
#[cfg(control)]
type To = General;

fn strong(value: Brc<CalledOnDrop<General>>) -> Brc<CalledOnDrop<To>> {
    value //~ error
}

fn weak(value: Weak<CalledOnDrop<General>>) -> Weak<CalledOnDrop<To>> {
    value //~ error
}

fn main() {
    let _ = (covariant, weak);
    let mut pointer = strong(Brc::new(CalledOnDrop(|_| ())));
    #[cfg(not(control))]
    {
        *Brc::get_mut(&mut pointer).unwrap() = CalledOnDrop(keep);
    }
    drop(pointer);
    let _ = (keep as Special, KEPT.lock().unwrap());
}
