use crate::Problem;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Sign(char),
    End,
}

/// The line's tokens and where they begin; the last is the end.
pub fn tokens(line: &str) -> Result<Vec<(usize, Token)>, Problem> {
    let characters: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let one = characters[at];
        let begin = at;
        at += 1;
        match one {
            ' ' => continue,
            '+' | '-' | '*' | '/' | '(' | ')' => found.push((begin + 1, Token::Sign(one))),
            '0'..='9' => {
                while at < characters.len() && (characters[at].is_ascii_digit() || characters[at] == '.') {
                    at += 1;
                }
                let text: String = characters[begin..at].iter().collect();
                let number = text.parse().map_err(|_| Problem { at: begin + 1, what: format!("{text} is no number") })?;
                found.push((begin + 1, Token::Number(number)));
            }
            _ => return Err(Problem { at: begin + 1, what: format!("unexpected {one:?}") }),
        }
    }
    found.push((characters.len() + 1, Token::End));
    Ok(found)
}
