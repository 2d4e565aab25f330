//! Booked and free hours of rooms.

mod span;

pub use span::Span;

/// Bookings in order, those that overlap or touch as one.
pub fn merged(booked: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = booked.iter().copied().filter(|span| !span.is_empty()).collect();
    sorted.sort_by_key(|span| span.from);
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.from <= last.to => last.to = span.to,
            _ => merged.push(span),
        }
    }
    merged
}

/// What of the day is not booked.
pub fn free(day: Span, booked: &[Span]) -> Vec<Span> {
    let mut free = Vec::new();
    let mut from = day.from;
    for span in merged(booked) {
        if span.from > from {
            free.push(Span::new(from, span.from.min(day.to)));
        }
        from = from.max(span.to);
    }
    free.push(Span::new(from.min(day.to), day.to));
    free.retain(|span| !span.is_empty());
    free
}

/// The first free time of that length.
pub fn first_free(day: Span, booked: &[Span], minutes: u32) -> Option<Span> {
    free(day, booked)
        .into_iter()
        .find(|span| span.minutes() >= minutes)
        .map(|span| Span::new(span.from, span.from + minutes))
}
