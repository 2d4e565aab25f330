//! Dates of the Gregorian calendar.

pub mod date;
pub mod easter;

pub use date::Date;
pub use easter::easter;
