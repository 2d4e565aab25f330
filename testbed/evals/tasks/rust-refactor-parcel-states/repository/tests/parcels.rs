use parcels::{journal, Parcel};

fn after(events: &[&str]) -> Parcel {
    let mut parcel = Parcel::new(7);
    for event in events {
        parcel.scanned(event).unwrap();
    }
    parcel
}

#[test]
fn a_parcel_is_delivered() {
    let parcel = after(&["pick-up", "van", "handed over"]);
    assert!(parcel.is_done());
    assert_eq!(journal::written(&[parcel]), "7;delivered\n");
}

#[test]
fn after_three_attempts_it_goes_back() {
    let twice = after(&["pick-up", "van", "nobody home", "van", "nobody home"]);
    assert!(!twice.is_done());
    let mut thrice = twice.clone();
    thrice.scanned("van").unwrap();
    thrice.scanned("nobody home").unwrap();
    assert_eq!(journal::written(&[twice, thrice]), "7;in transit\n7;returned\n");
}

#[test]
fn what_does_not_fit_is_told() {
    let mut parcel = after(&["pick-up", "van"]);
    assert_eq!(parcel.scanned("pick-up").unwrap_err(), "parcel 7: pick-up does not fit out for delivery");
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let text = "1;announced\n2;in transit\n3;out for delivery\n4;delivered\n5;returned\n";
    assert_eq!(journal::written(&journal::read(text).unwrap()), text);
}

#[test]
fn a_broken_journal_is_told() {
    assert_eq!(journal::read("1;lost\n").unwrap_err(), "\"lost\" is no state");
    assert_eq!(journal::read("x;delivered\n").unwrap_err(), "\"x\" is no number");
    assert_eq!(journal::read("1\n").unwrap_err(), "\"1\" is no line of a journal");
}
