/// A parcel and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    pub id: u32,
    pub state: String,
    pub attempts: u32,
}

impl Parcel {
    pub fn new(id: u32) -> Self {
        Parcel { id, state: "announced".to_string(), attempts: 0 }
    }

    /// The scanner has seen it. Says what is wrong where the event does not fit.
    pub fn scanned(&mut self, event: &str) -> Result<(), String> {
        let next = if self.state == "announced" && event == "pick-up" {
            "in transit"
        } else if self.state == "in transit" && event == "van" {
            "out for delivery"
        } else if self.state == "out for delivery" && event == "handed over" {
            "delivered"
        } else if self.state == "out for delivery" && event == "nobody home" {
            self.attempts += 1;
            if self.attempts == 3 {
                "returned"
            } else {
                "in transit"
            }
        } else {
            return Err(format!("parcel {}: {} does not fit {}", self.id, event, self.state));
        };
        self.state = next.to_string();
        Ok(())
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        self.state == "delivered" || self.state == "returned"
    }
}
