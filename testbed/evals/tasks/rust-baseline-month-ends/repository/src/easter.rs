use crate::Date;

/// Easter Sunday of a year from 1900 to 2099.
pub fn easter(year: i32) -> Date {
    let (a, b, c) = (year % 19, year % 4, year % 7);
    let d = (19 * a + 24) % 30;
    let e = (2 * b + 4 * c + 6 * d + 5) % 7;
    let day = (22 + d + e) as u32;
    if day > 31 {
        Date::new(year, 4, day - 31)
    } else {
        Date::new(year, 3, day)
    }
}
