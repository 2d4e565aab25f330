use crate::lexer::Token;
use crate::Problem;

/// One method for each level of what binds how strongly, the weakest first.
pub struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl Parser {
    pub fn new(tokens: Vec<(usize, Token)>) -> Self {
        Parser { tokens, next: 0 }
    }

    pub fn line(mut self) -> Result<f64, Problem> {
        let value = self.sum()?;
        match self.tokens[self.next] {
            (_, Token::End) => Ok(value),
            _ => Err(self.unexpected()),
        }
    }

    fn sum(&mut self) -> Result<f64, Problem> {
        let mut value = self.product()?;
        loop {
            if self.takes('+') {
                value += self.product()?;
            } else if self.takes('-') {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, Problem> {
        let mut value = self.signed()?;
        loop {
            if self.takes('*') {
                value *= self.signed()?;
            } else if self.takes('/') {
                value /= self.signed()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn signed(&mut self) -> Result<f64, Problem> {
        if self.takes('-') {
            return Ok(-self.signed()?);
        }
        self.single()
    }

    fn single(&mut self) -> Result<f64, Problem> {
        if self.takes('(') {
            let value = self.sum()?;
            return if self.takes(')') { Ok(value) } else { Err(self.unexpected()) };
        }
        match self.tokens[self.next].1 {
            Token::Number(number) => {
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let taken = self.tokens[self.next].1 == Token::Sign(sign);
        self.next += usize::from(taken);
        taken
    }

    fn unexpected(&self) -> Problem {
        let (at, token) = self.tokens[self.next];
        let what = match token {
            Token::Number(number) => format!("unexpected {number}"),
            Token::Sign(sign) => format!("unexpected {sign:?}"),
            Token::End => "unexpected end".to_string(),
        };
        Problem { at, what }
    }
}
