use std::collections::HashMap;

/// Every value is younger than PROTECTED, so there is nothing to give up.
pub struct Full;

/// Seconds in which a new value is not given up for another.
const PROTECTED: u64 = 5;

struct Entry {
    value: String,
    set_at: u64,
    until: u64,
}

/// Keeps at most so many values.
pub struct Store {
    places: usize,
    entries: HashMap<String, Entry>,
}

impl Store {
    pub fn new(places: usize) -> Self {
        Store { places, entries: HashMap::new() }
    }

    /// A value that has not expired.
    pub fn get(&self, key: &str, now: u64) -> Option<&str> {
        self.entries.get(key).filter(|entry| now < entry.until).map(|entry| entry.value.as_str())
    }

    pub fn set(&mut self, key: &str, value: &str, seconds: u64, now: u64) -> Result<(), Full> {
        if !self.entries.contains_key(key) && self.entries.len() >= self.places {
            self.make_room(now)?;
        }
        let entry = Entry { value: value.to_string(), set_at: now, until: now + seconds };
        self.entries.insert(key.to_string(), entry);
        Ok(())
    }

    pub fn remove(&mut self, key: &str) -> bool {
        self.entries.remove(key).is_some()
    }

    fn make_room(&mut self, now: u64) -> Result<(), Full> {
        self.entries.retain(|_, entry| now < entry.until);
        if self.entries.len() < self.places {
            return Ok(());
        }
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.set_at).map(|(key, entry)| (key.clone(), entry.set_at));
        match oldest {
            Some((key, set_at)) if now - set_at >= PROTECTED => {
                self.entries.remove(&key);
                Ok(())
            }
            _ => Err(Full),
        }
    }
}
