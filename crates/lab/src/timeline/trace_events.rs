//! Scenes in the trace-event format of Chromium, which Perfetto opens: a scene is a process, a
//! thread a thread.

use serde_json::{Value, json};

use super::{Runtimes, Scene};

/// The document. Times are microseconds since the scene's begin.
pub(super) fn json(scenes: &[Scene], runtimes: &Runtimes, command: &str) -> String {
    let mut events = Vec::new();
    for (process, scene) in (1..).zip(scenes) {
        events.push(named("process_name", process, 0, &scene.name));
        for (number, thread) in (1..).zip(&scene.recording.threads) {
            events.push(named("thread_name", process, number, &thread.name));
            let us = |time: u64| time as f64 / 1e3;
            events.extend(thread.spans.iter().map(|span| {
                let kind = runtimes.kind(span);
                json!({
                    "name": kind.name(), "cat": "thread", "ph": "X", "pid": process, "tid": number,
                    "ts": us(span.from), "dur": us(span.to - span.from),
                    "args": { "runtime": runtimes.id(span.place), "place": format!("{:#x}", span.place) },
                })
            }));
        }
    }
    // An event a line: such a file is read by people, too.
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let about = json!({ "command": command });
    format!(
        "{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":[\n{}\n]}}\n",
        lines.join(",\n")
    )
}

fn named(what: &str, process: u32, thread: u32, name: &str) -> Value {
    json!({ "name": what, "ph": "M", "pid": process, "tid": thread, "args": { "name": name } })
}
