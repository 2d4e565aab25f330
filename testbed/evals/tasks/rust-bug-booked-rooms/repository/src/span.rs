use std::fmt;

/// From a minute up to another one, which is no longer part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub from: u32,
    pub to: u32,
}

impl Span {
    pub fn new(from: u32, to: u32) -> Self {
        Span { from, to }
    }

    /// From hours, such as `Span::hours(9, 17)`.
    pub fn hours(from: u32, to: u32) -> Self {
        Span::new(from * 60, to * 60)
    }

    pub fn is_empty(self) -> bool {
        self.to <= self.from
    }

    pub fn minutes(self) -> u32 {
        self.to.saturating_sub(self.from)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(out, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}
