use pantry::answer;
use pantry::store::Store;

#[test]
fn what_is_set_is_there_for_its_time() {
    let mut store = Store::new(4);
    assert_eq!(answer(&mut store, "SET tea 60 green leaves", 0), "OK");
    assert_eq!(answer(&mut store, "GET tea", 59), "VALUE green leaves");
    assert_eq!(answer(&mut store, "GET tea", 60), "NONE");
}

#[test]
fn broken_lines_are_refused() {
    let mut store = Store::new(4);
    assert_eq!(answer(&mut store, "SET tea soon x", 0), "ERR seconds");
    assert_eq!(answer(&mut store, "PUT tea", 0), "ERR verb");
    assert_eq!(answer(&mut store, "GET", 0), "ERR key");
}
