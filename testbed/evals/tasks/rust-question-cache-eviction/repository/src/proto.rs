/// Bytes of a key.
const KEY: usize = 180;
const LONGEST: u64 = 6 * 60 * 60;

pub enum Command<'a> {
    Get(&'a str),
    Set(&'a str, u64, &'a str),
    Del(&'a str),
}

pub fn command(line: &str) -> Result<Command<'_>, &'static str> {
    let mut words = line.splitn(4, ' ');
    let verb = words.next().unwrap_or("");
    let key = words.next().filter(|key| !key.is_empty()).ok_or("key")?;
    if key.len() > KEY {
        return Err("key");
    }
    match verb {
        "GET" => Ok(Command::Get(key)),
        "DEL" => Ok(Command::Del(key)),
        "SET" => {
            let seconds: u64 = words.next().and_then(|word| word.parse().ok()).ok_or("seconds")?;
            Ok(Command::Set(key, seconds.min(LONGEST), words.next().unwrap_or("")))
        }
        _ => Err("verb"),
    }
}
