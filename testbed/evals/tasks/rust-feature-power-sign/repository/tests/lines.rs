use tally::evaluate;

fn told(line: &str) -> String {
    evaluate(line).unwrap_err().to_string()
}

#[test]
fn products_bind_more_than_sums() {
    assert_eq!(evaluate("2 + 3 * 4"), Ok(14.0));
    assert_eq!(evaluate("(2 + 3) * 4"), Ok(20.0));
}

#[test]
fn from_left_to_right() {
    assert_eq!(evaluate("10-4-3"), Ok(3.0));
    assert_eq!(evaluate("8 / 4 / 2"), Ok(1.0));
}

#[test]
fn a_leading_minus() {
    assert_eq!(evaluate("-3 * -2"), Ok(6.0));
    assert_eq!(evaluate("--1.5"), Ok(1.5));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(told("2 +"), "unexpected end at 4");
    assert_eq!(told("(1"), "unexpected end at 3");
    assert_eq!(told("1 2"), "unexpected 2 at 3");
    assert_eq!(told("1 $ 2"), "unexpected '$' at 3");
    assert_eq!(told("1.2.3"), "1.2.3 is no number at 1");
}
