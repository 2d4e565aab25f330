use gauges::{Smoother, Unit};

#[test]
fn knots_are_complete() {
    assert_eq!(Unit::Knots.symbol(), "kn");
    assert!((Unit::Knots.to_base(3600.0) - 1852.0).abs() < 1e-6);
    for unit in [Unit::MetresPerSecond, Unit::KilometresPerHour, Unit::Knots, Unit::Celsius, Unit::Fahrenheit] {
        assert_eq!(unit.symbol().parse(), Ok(unit));
    }
}

#[test]
fn what_is_pushed_out_does_not_count() {
    let mut smoother = Smoother::new(1);
    smoother.push(100.0, Unit::MetresPerSecond);
    assert_eq!(smoother.push(2.0, Unit::MetresPerSecond), 2.0);
    assert_eq!(smoother.mean(), 2.0);
}
