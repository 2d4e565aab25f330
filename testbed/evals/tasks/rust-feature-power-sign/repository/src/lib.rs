//! A calculator for one line.

mod lexer;
mod parser;

use std::fmt;

/// What is wrong with a line, and at which character, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: usize,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at {}", self.what, self.at)
    }
}

impl std::error::Error for Problem {}

/// The value of a line.
pub fn evaluate(line: &str) -> Result<f64, Problem> {
    parser::Parser::new(lexer::tokens(line)?).line()
}
