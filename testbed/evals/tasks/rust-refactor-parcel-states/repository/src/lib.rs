//! Parcels and the journal of their states.

pub mod journal;
pub mod parcel;

pub use parcel::Parcel;
