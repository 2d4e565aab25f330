use std::str::FromStr;

/// What instruments measure in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    MetresPerSecond,
    KilometresPerHour,
    Knots,
    Celsius,
    Fahrenheit,
}

impl Unit {
    /// The value in metres a second, or in degrees Celsius.
    pub fn to_base(self, value: f64) -> f64 {
        match self {
            Unit::MetresPerSecond | Unit::Celsius => value,
            Unit::KilometresPerHour => value / 3.6,
            Unit::Fahrenheit => (value - 32.0) / 1.8,
        }
    }

    /// What is printed behind the value.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::MetresPerSecond => "m/s",
            Unit::KilometresPerHour => "km/h",
            Unit::Celsius => "°C",
            Unit::Fahrenheit => "°F",
        }
    }
}

impl FromStr for Unit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Unit::MetresPerSecond, Unit::KilometresPerHour, Unit::Celsius, Unit::Fahrenheit];
        all.into_iter().find(|unit| unit.symbol() == text).ok_or(format!("{text} is no unit"))
    }
}
