//! Readings of a boat's instruments.

pub mod smooth;
pub mod unit;

pub use smooth::Smoother;
pub use unit::Unit;
