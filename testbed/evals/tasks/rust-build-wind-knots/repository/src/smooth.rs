use std::collections::VecDeque;

use crate::Unit;

/// The mean of the last values, all of them in base units.
pub struct Smoother {
    size: usize,
    values: VecDeque<f64>,
}

impl Smoother {
    pub fn new(size: usize) -> Self {
        Smoother { size, values: VecDeque::new() }
    }

    /// Takes a value in, and gives the mean with it.
    pub fn push(&mut self, value: f64, unit: Unit) -> f64 {
        let values = &mut self.values;
        values.push_back(unit.to_base(value));
        let mean = self.mean();
        while values.len() > self.size {
            values.pop_front();
        }
        mean
    }

    /// 0 without any value.
    pub fn mean(&self) -> f64 {
        if self.values.is_empty() {
            return 0.0;
        }
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }
}
