use tally::evaluate;

#[test]
fn powers() {
    for (line, value) in [
        ("2^10", 1024.0),
        ("2^3^2", 512.0),
        ("(2^3)^2", 64.0),
        ("-2^2", -4.0),
        ("(-2)^2", 4.0),
        ("2^-1", 0.5),
        ("2^-2^2", 0.0625),
        ("3*2^2", 12.0),
        ("2^2*3", 12.0),
        ("9^0.5", 3.0),
        ("10-4-3", 3.0),
        ("2 ^ --1", 2.0),
    ] {
        assert_eq!(evaluate(line), Ok(value), "{line}");
    }
}

#[test]
fn half_powers_are_told() {
    assert_eq!(evaluate("2^").unwrap_err().to_string(), "unexpected end at 3");
    assert_eq!(evaluate("^2").unwrap_err().to_string(), "unexpected '^' at 1");
}
