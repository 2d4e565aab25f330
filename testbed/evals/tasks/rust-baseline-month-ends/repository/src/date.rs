use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

impl Date {
    pub fn new(year: i32, month: u32, day: u32) -> Self {
        Date { year, month, day }
    }

    /// The same day so many months later; a negative number goes back.
    pub fn add_months(self, months: i32) -> Date {
        let months = self.year * 12 + self.month as i32 - 1 + months;
        Date::new(months.div_euclid(12), months.rem_euclid(12) as u32 + 1, self.day)
    }

    /// Days since the first day of year 0.
    pub fn number(self) -> i64 {
        let months: i64 = (1..self.month).map(|month| i64::from(days_in(self.year, month))).sum();
        let years = i64::from(self.year);
        let leap_days = (years + 3).div_euclid(4) - (years + 99).div_euclid(100) + (years + 399).div_euclid(400);
        years * 365 + leap_days + months + i64::from(self.day) - 1
    }

    pub fn days_until(self, other: Date) -> i64 {
        other.number() - self.number()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}
