//! A cache that speaks lines.

pub mod proto;
pub mod store;

use store::Store;

/// The answer to a line at a moment, in seconds.
pub fn answer(store: &mut Store, line: &str, now: u64) -> String {
    match proto::command(line) {
        Ok(proto::Command::Get(key)) => store.get(key, now).map_or("NONE".to_string(), |value| format!("VALUE {value}")),
        Ok(proto::Command::Set(key, seconds, value)) => match store.set(key, value, seconds, now) {
            Ok(()) => "OK".to_string(),
            Err(store::Full) => "ERR busy".to_string(),
        },
        Ok(proto::Command::Del(key)) => if store.remove(key) { "OK" } else { "NONE" }.to_string(),
        Err(what) => format!("ERR {what}"),
    }
}
