use gauges::{Smoother, Unit};

fn near(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-3, "{left} is not {right}");
}

#[test]
fn speeds_in_metres_a_second() {
    near(Unit::KilometresPerHour.to_base(36.0), 10.0);
    near(Unit::Knots.to_base(10.0), 5.144);
}

#[test]
fn temperatures_in_celsius() {
    near(Unit::Fahrenheit.to_base(212.0), 100.0);
    near(Unit::Celsius.to_base(-3.0), -3.0);
}

#[test]
fn units_are_read_by_their_symbols() {
    assert_eq!("km/h".parse(), Ok(Unit::KilometresPerHour));
    assert_eq!("kn".parse(), Ok(Unit::Knots));
    assert_eq!("mph".parse::<Unit>(), Err("mph is no unit".to_string()));
}

#[test]
fn the_mean_of_the_last_values() {
    let mut smoother = Smoother::new(2);
    near(smoother.push(1.0, Unit::MetresPerSecond), 1.0);
    near(smoother.push(3.0, Unit::MetresPerSecond), 2.0);
    near(smoother.push(18.0, Unit::KilometresPerHour), 4.0);
    near(smoother.mean(), 4.0);
}
