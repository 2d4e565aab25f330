use almanac::easter;

#[test]
fn easter_of_some_years() {
    assert_eq!(easter(2024).to_string(), "2024-03-31");
    assert_eq!(easter(2025).to_string(), "2025-04-20");
}

#[test]
fn easter_is_never_after_the_25th_of_april() {
    assert_eq!(easter(1981).to_string(), "1981-04-19");
}

#[test]
fn easter_of_1954() {
    assert_eq!(easter(1954).to_string(), "1954-04-18");
}
