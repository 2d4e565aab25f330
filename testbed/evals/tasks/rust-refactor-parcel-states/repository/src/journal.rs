use crate::parcel::Parcel;

/// One line a parcel.
pub fn written(parcels: &[Parcel]) -> String {
    parcels.iter().map(|parcel| format!("{};{}\n", parcel.id, parcel.state)).collect()
}

/// The parcels of a journal; attempts are not kept in it.
pub fn read(text: &str) -> Result<Vec<Parcel>, String> {
    text.lines().map(line).collect()
}

fn line(line: &str) -> Result<Parcel, String> {
    let (id, state) = line.split_once(';').ok_or_else(|| format!("{line:?} is no line of a journal"))?;
    let id = id.parse().map_err(|_| format!("{id:?} is no number"))?;
    let known = ["announced", "in transit", "out for delivery", "delivered", "returned"];
    if !known.contains(&state) {
        return Err(format!("{state:?} is no state"));
    }
    Ok(Parcel { id, state: state.to_string(), attempts: 0 })
}
