//! Expressions over named terms: what a part of a claim makes of what was measured.

use crate::text::{list, suggestion};
use std::ops::Range;

/// An expression. What it gives has one value per repeat, or several: one per iteration, draw or
/// place.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// What was measured: an index into the terms of the part.
    Term(usize),
    /// A function of others.
    Call(Function, Vec<Expression>),
}

/// Declares the functions: the name as written, the number of arguments, and what it is.
macro_rules! functions {
    ($($variant:ident, $name:literal, $arguments:literal, $meaning:literal;)*) => {
        /// A function of expressions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function { $(#[doc = $meaning] $variant),* }

        impl Function {
            /// All functions: name, number of arguments, meaning. Names that are no words are
            /// operators.
            pub const ALL: &'static [(Self, &'static str, usize, &'static str)] =
                &[$((Self::$variant, $name, $arguments, $meaning)),*];
        }
    };
}

functions! {
    Add, "+", 2, "sum";
    Subtract, "-", 2, "difference, of the same repeat";
    Multiply, "*", 2, "product";
    Divide, "/", 2, "ratio, of the same repeat";
    Less, "<", 2, "1 where the first is smaller, else 0";
    Greater, ">", 2, "1 where the first is larger, else 0";
    AtMost, "<=", 2, "1 where the first is not larger, else 0";
    AtLeast, ">=", 2, "1 where the first is not smaller, else 0";
    And, "and", 2, "1 where both are not 0, else 0";
    Or, "or", 2, "1 where one of them is not 0, else 0";
    Absolute, "abs", 1, "size without sign";
    Root, "sqrt", 1, "square root";
    Cosine, "cos", 1, "cosine of degrees";
    Arccosine, "acos", 1, "the angle of a cosine, in degrees";
    Lesser, "min", 2, "the smaller of two";
    Larger, "max", 2, "the larger of two";
    Mean, "mean", 1, "mean within each repeat, over iterations, draws or places";
    Deviation, "sd", 1, "standard deviation within each repeat";
    Smallest, "smallest", 1, "smallest value within each repeat";
    Largest, "largest", 1, "largest value within each repeat";
    Sum, "sum", 1, "sum within each repeat";
    Product, "product", 1, "product within each repeat";
    RankCorrelation, "rank_correlation", 2, "Spearman's rank correlation of both within each repeat, \
        over places or iterations where both exist: three at least";
    Only, "only", 2, "the first, where the second is not 0";
    Rise, "rise", 2, "change over so many iterations, from the first on, step by step";
    AtLowest, "at_lowest", 2, "the first at the iteration where the mean over repeats of the \
        second is lowest";
    Spread, "spread", 1,
        "jackknife pseudo-values of the standard deviation over repeats: their mean estimates it";
    Variance, "variance", 1,
        "half the squared difference of every two successive repeats: their mean is the variance \
         over repeats";
    AboveAll, "above_all", 2, "1 where a repeat of the first is above every repeat of the second, \
        else 0";
    Group, "group", 3, "1 for draws whose two angles are in the so-many-th group of Fig 5, else 0";
    Cells, "cells", 3,
        "mean of the first over draws, in each cell of 5 x 5 degrees of the two angles that has at \
         least 50 draws";
}

impl Function {
    /// Its name as written.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }
}

/// Where in the text an expression is wrong, and what.
pub(super) type Wrong = (Range<usize>, String);

/// Nesting beyond which an expression is refused.
const DEEPEST: usize = 50;

/// Reads an expression; `terms` are the names that there are.
///
/// # Errors
/// What is wrong where in the text.
pub(super) fn parse(text: &str, terms: &[&str]) -> Result<Expression, Wrong> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), terms, depth: 0 };
    let expression = parser.operation(0)?;
    match parser.next() {
        None => Ok(expression),
        Some((token, at)) => Err((at, format!("`{token}` is not expected here: an operator is"))),
    }
}

type Token<'a> = (&'a str, Range<usize>);

/// Names, numbers, operators and brackets of a text.
fn tokens(text: &str) -> Result<Vec<Token<'_>>, Wrong> {
    let mut found = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        let length = |holds: &dyn Fn(char) -> bool| rest.find(|c| !holds(c)).unwrap_or(rest.len());
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match byte {
            b' ' | b'\n' | b'\t' => {
                at += 1;
                continue;
            }
            b'0'..=b'9' | b'.' => number_length(rest),
            _ if word(char::from(byte)) => length(&word),
            b'<' | b'>' if bytes.get(at + 1) == Some(&b'=') => 2,
            b'+' | b'-' | b'*' | b'/' | b'(' | b')' | b',' | b'<' | b'>' => 1,
            _ => {
                let c = rest.chars().next().unwrap_or(' ');
                return Err((
                    at..at + c.len_utf8(),
                    format!("`{c}` has no meaning in an expression"),
                ));
            }
        };
        found.push((&rest[..length], at..at + length));
        at += length;
    }
    Ok(found)
}

/// Length of the number that a text starts with, exponent included.
fn number_length(text: &str) -> usize {
    let digits =
        |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let whole = digits(text);
    let rest = &text[whole..];
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return whole };
    let sign = usize::from(exponent.starts_with(['+', '-']));
    match digits(&exponent[sign..]) {
        0 => whole,
        length => whole + 1 + sign + length,
    }
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    end: usize,
    terms: &'a [&'a str],
    depth: usize,
}

/// Operators by how tightly they bind, from the loosest.
const OPERATORS: [&[&str]; 5] =
    [&["or"], &["and"], &["<", ">", "<=", ">="], &["+", "-"], &["*", "/"]];

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|(token, _)| *token)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn operation(&mut self, level: usize) -> Result<Expression, Wrong> {
        let Some(operators) = OPERATORS.get(level) else { return self.signed() };
        let mut left = self.operation(level + 1)?;
        while let Some(operator) = self.peek().filter(|token| operators.contains(token)) {
            self.at += 1;
            let right = self.operation(level + 1)?;
            let function =
                Function::ALL.iter().find(|known| known.1 == operator).map(|known| known.0);
            let Some(function) = function else { break };
            left = Expression::Call(function, vec![left, right]);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expression, Wrong> {
        if self.peek() != Some("-") {
            return self.single();
        }
        self.at += 1;
        self.deeper()?;
        let inner = self.signed()?;
        self.depth -= 1;
        Ok(match inner {
            Expression::Number(number) => Expression::Number(-number),
            other => Expression::Call(Function::Multiply, vec![Expression::Number(-1.0), other]),
        })
    }

    fn deeper(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        let at = self.tokens.get(self.at.saturating_sub(1)).map_or(0..0, |(_, at)| at.clone());
        if self.depth > DEEPEST { Err((at, "this is nested too deeply".into())) } else { Ok(()) }
    }

    fn single(&mut self) -> Result<Expression, Wrong> {
        let Some((token, at)) = self.next() else {
            return Err((
                self.end..self.end,
                "the expression ends where a term or a number is expected".into(),
            ));
        };
        if token == "(" {
            self.deeper()?;
            let inner = self.operation(0)?;
            self.depth -= 1;
            self.expect(")")?;
            return Ok(inner);
        }
        if token.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            let number = token.parse().ok().filter(|number: &f64| number.is_finite());
            return number
                .map(Expression::Number)
                .ok_or_else(|| (at, format!("`{token}` is not a number")));
        }
        if self.peek() == Some("(") && token.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.call(token, at);
        }
        match self.terms.iter().position(|term| *term == token) {
            Some(index) => Ok(Expression::Term(index)),
            None => Err((at, self.unknown(token))),
        }
    }

    fn unknown(&self, token: &str) -> String {
        if self.terms.is_empty() {
            return format!("`{token}` is no number");
        }
        let terms = list(self.terms);
        let near = suggestion(token, self.terms.iter().copied());
        format!("there is no term `{token}`: expected {terms}{near}")
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Expression, Wrong> {
        let words = || {
            Function::ALL
                .iter()
                .filter(|known| known.1.len() > 1 && known.1.starts_with(char::is_alphabetic))
        };
        let Some(&(function, _, wanted, _)) = words().find(|known| known.1 == name) else {
            let names: Vec<&str> =
                words().map(|known| known.1).filter(|name| !["and", "or"].contains(name)).collect();
            let near = suggestion(name, names.iter().copied());
            return Err((
                at,
                format!("there is no function `{name}`: expected {}{near}", list(&names)),
            ));
        };
        self.expect("(")?;
        self.deeper()?;
        let mut arguments = vec![self.operation(0)?];
        while self.peek() == Some(",") {
            self.at += 1;
            arguments.push(self.operation(0)?);
        }
        self.depth -= 1;
        self.expect(")")?;
        if arguments.len() == wanted {
            return Ok(Expression::Call(function, arguments));
        }
        let given = arguments.len();
        let s = if wanted == 1 { "" } else { "s" };
        Err((at, format!("`{name}` takes {wanted} argument{s}, and {given} were given")))
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Wrong> {
        match self.next() {
            Some((token, _)) if token == wanted => Ok(()),
            Some((token, at)) => {
                Err((at, format!("`{token}` stands where `{wanted}` is expected")))
            }
            None => Err((
                self.end..self.end,
                format!("the expression ends where `{wanted}` is expected"),
            )),
        }
    }
}

/// The value of an expression without terms, such as a bound.
///
/// # Errors
/// What is wrong where in the text.
pub(super) fn constant(text: &str) -> Result<f64, Wrong> {
    let number = value(&parse(text, &[])?);
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| (0..text.len(), format!("`{text}` is not a number")))
}

fn value(expression: &Expression) -> Option<f64> {
    match expression {
        Expression::Number(number) => Some(*number),
        Expression::Term(_) => None,
        Expression::Call(function, arguments) => {
            let values: Vec<f64> = arguments.iter().map(value).collect::<Option<_>>()?;
            function.of_numbers(&values)
        }
    }
}

impl Function {
    /// Its value for numbers; `None` for functions of what was measured.
    pub fn of_numbers(self, values: &[f64]) -> Option<f64> {
        Some(match (self, values) {
            (Self::Add, [a, b]) => a + b,
            (Self::Subtract, [a, b]) => a - b,
            (Self::Multiply, [a, b]) => a * b,
            (Self::Divide, [a, b]) => a / b,
            (Self::Less, [a, b]) => f64::from(a < b),
            (Self::Greater, [a, b]) => f64::from(a > b),
            (Self::AtMost, [a, b]) => f64::from(a <= b),
            (Self::AtLeast, [a, b]) => f64::from(a >= b),
            (Self::And, [a, b]) => f64::from(*a != 0.0 && *b != 0.0),
            (Self::Or, [a, b]) => f64::from(*a != 0.0 || *b != 0.0),
            (Self::Absolute, [a]) => a.abs(),
            (Self::Root, [a]) => a.sqrt(),
            (Self::Cosine, [a]) => a.to_radians().cos(),
            (Self::Arccosine, [a]) => a.acos().to_degrees(),
            (Self::Lesser, [a, b]) => a.min(*b),
            (Self::Larger, [a, b]) => a.max(*b),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_bind_as_usual() {
        for (text, expected) in [
            ("1 - 2 - 3", -4.0),
            ("2 + 3 * -4 / 6", 0.0),
            ("-(1 - 3) * 2", 4.0),
            ("1e-3 * 2.5E+3", 2.5),
            ("acos(1 / sqrt(50))", (1.0 / 50f64.sqrt()).acos().to_degrees()),
            ("1 < 2 and 3 >= 3 or 0", 1.0),
            ("max(4 - 5, 0) + min(1, 2)", 1.0),
        ] {
            assert_eq!(constant(text).unwrap(), expected, "{text}");
        }
        assert_eq!(
            parse("mean(a) - b", &["a", "b"]).unwrap(),
            Expression::Call(
                Function::Subtract,
                vec![
                    Expression::Call(Function::Mean, vec![Expression::Term(0)]),
                    Expression::Term(1)
                ]
            )
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, at, expected) in [
            (
                "plain - wm",
                8..10,
                "there is no term `wm`: expected plain or wn; did you mean `wn`?",
            ),
            ("maen(wn)", 0..4, "there is no function `maen`"),
            ("maen(wn)", 0..4, "did you mean `mean`?"),
            ("mean(wn, plain)", 0..4, "`mean` takes 1 argument, and 2 were given"),
            ("(wn", 3..3, "the expression ends where `)` is expected"),
            ("wn -", 4..4, "the expression ends where a term or a number is expected"),
            ("wn plain", 3..8, "`plain` is not expected here"),
            ("wn ^ 2", 3..4, "`^` has no meaning"),
            ("1.2.3", 0..5, "`1.2.3` is not a number"),
            ("wn)", 2..3, "`)` is not expected here"),
        ] {
            let (place, message) = parse(text, &["plain", "wn"]).unwrap_err();
            assert!(place == at && message.contains(expected), "{text}: {place:?} {message}");
        }
        assert!(parse(&"(".repeat(100_000), &[]).unwrap_err().1.contains("nested too deeply"));
        assert!(parse(&"-".repeat(100_000), &[]).unwrap_err().1.contains("nested too deeply"));
        assert_eq!(constant("1 / 0").unwrap_err().1, "`1 / 0` is not a number");
    }
}
