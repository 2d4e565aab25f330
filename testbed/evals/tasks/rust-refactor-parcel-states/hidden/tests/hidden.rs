use parcels::parcel::State;
use parcels::{journal, Parcel};

#[test]
fn states_are_values() {
    let mut parcel = Parcel::new(1);
    assert_eq!(parcel.state, State::Announced);
    parcel.scanned("pick-up").unwrap();
    assert_eq!(parcel.state, State::InTransit);
    let all = [State::Announced, State::InTransit, State::OutForDelivery, State::Delivered, State::Returned];
    let names: Vec<String> = all.iter().map(|state| state.to_string()).collect();
    assert_eq!(names, ["announced", "in transit", "out for delivery", "delivered", "returned"]);
    for state in all {
        assert_eq!(state.to_string().parse::<State>(), Ok(state));
    }
    assert_eq!("Announced".parse::<State>(), Err("\"Announced\" is no state".to_string()));
}

#[test]
fn the_names_stand_in_one_file() {
    assert!(!include_str!("../src/journal.rs").contains("in transit"));
    assert_eq!(include_str!("../src/parcel.rs").matches("\"out for delivery\"").count(), 1);
}

#[test]
fn a_done_parcel_takes_no_event() {
    let mut parcel = journal::read("9;returned\n").unwrap().remove(0);
    assert_eq!(parcel.scanned("van").unwrap_err(), "parcel 9: van does not fit returned");
}
