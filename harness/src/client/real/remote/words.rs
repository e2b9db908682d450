//! Splits what is given for a remote browser at its commas: those within JSON are its own.

use super::endpoint::{EndpointError, Problem};

/// A part of what was given, and the number of its first character, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub at: usize,
    pub text: &'a str,
}

/// The parts between the commas that are in no brackets and in no quotes (RFC 8259 sections 2 and 7).
pub(super) fn split(text: &str) -> Result<Vec<Word<'_>>, EndpointError> {
    let mut words = Vec::new();
    // Each bracket that is open: what closes it, and where it was opened.
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut quote: Option<usize> = None;
    let mut escaped = false;
    let (mut start, mut start_at) = (0, 1);
    for (number, (index, character)) in text.char_indices().enumerate() {
        let at = number + 1;
        if quote.is_some() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quote = None,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => quote = Some(at),
            '{' => open.push(('}', at)),
            '[' => open.push((']', at)),
            '}' | ']' => match open.pop() {
                Some((closes, _)) if closes == character => {}
                _ => return Err(EndpointError { at, problem: Problem::Closes(character) }),
            },
            ',' if open.is_empty() => {
                words.push(Word { at: start_at, text: &text[start..index] });
                (start, start_at) = (index + 1, at + 1);
            }
            _ => {}
        }
    }
    if let Some(at) = quote {
        return Err(EndpointError { at, problem: Problem::NotClosed('"') });
    }
    if let Some((closes, at)) = open.pop() {
        return Err(EndpointError {
            at,
            problem: Problem::NotClosed(if closes == '}' { '{' } else { '[' }),
        });
    }
    words.push(Word { at: start_at, text: &text[start..] });
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn a_comma_in_json_is_json() {
        assert_eq!(texts("a,b"), ["a", "b"]);
        assert_eq!(texts(r#"a={"args":["x","y"]},b"#), [r#"a={"args":["x","y"]}"#, "b"]);
        assert_eq!(texts(r#"a="x,\",]y",b"#), [r#"a="x,\",]y""#, "b"]);
        assert_eq!(texts(""), [""]);
        assert_eq!(texts("a,"), ["a", ""]);
    }

    #[test]
    fn what_is_not_closed_is_told_with_its_place() {
        let error = |text: &str| split(text).unwrap_err().to_string();
        assert_eq!(error("é={"), "at character 3: the `{` is not closed");
        assert_eq!(error("a=[\"x]"), "at character 4: the `\"` is not closed");
        assert_eq!(error("a=[}"), "at character 4: the `}` closes nothing");
        assert_eq!(error("a]"), "at character 2: the `]` closes nothing");
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            ".{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                proptest::collection::btree_map(".{0,5}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_one_word(values in proptest::collection::vec(json(), 1..5)) {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            let joined = words.join(",");
            prop_assert_eq!(texts(&joined), words);
        }

        #[test]
        fn whatever_is_split_is_all_there(text in r#"[a\[\]{}",\\é]{0,20}"#) {
            if let Ok(words) = split(&text) {
                let joined: Vec<&str> = words.iter().map(|word| word.text).collect();
                prop_assert_eq!(joined.join(","), text.clone());
                for word in words {
                    let before: String = text.chars().take(word.at - 1).collect();
                    prop_assert!(text[before.len()..].starts_with(word.text));
                }
            }
        }
    }
}
