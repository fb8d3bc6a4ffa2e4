//! Paths as a shell takes them.

use std::ffi::OsStr;
use std::path::Path;

/// A word that bash, whatever the word holds, takes as these bytes and as nothing else.
///
/// Plain words stay as they are. Others go into `'...'`, in which nothing means anything; those
/// with characters that do not print, or with bytes that are no text, into `$'...'`, with these
/// bytes as octal numbers: so a word never reaches over the end of its line.
pub(crate) fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    match word.to_str() {
        Some(text) if is_plain(text) => text.into(),
        Some(text) if !text.chars().any(|c| steers(c) || c.is_control() || is_separator(c)) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => numbered(word.as_encoded_bytes()),
    }
}

/// Whether a character is not to reach a terminal.
pub(crate) fn steers(character: char) -> bool {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() && !matches!(character, '\n' | '\t') || turns(character)
}

/// Whether a word means nothing but itself, wherever it stands in a command.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:@%".contains(c);
    text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || "/._-".contains(c))
}

/// Whether a character ends a line of text, or is none that is seen.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200d}')
}

fn numbered(bytes: &[u8]) -> String {
    let mut text = String::from("$'");
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text + "'"
}

/// A path as an argument, that cannot be taken for an option.
pub(crate) fn operand(path: &Path) -> String {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        quoted(Path::new(".").join(path))
    } else {
        quoted(path)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::ffi::OsString;

    /// Those of [`odd_names`] that are text.
    const ODD_WORDS: &[&str] = &[
        "plain",
        "a b",
        " ",
        "'",
        "\"",
        "''",
        "'\\''",
        "$(touch X)",
        "`touch X`",
        "$HOME",
        "${HOME}",
        "~",
        "~root",
        "!",
        "!!",
        "*",
        "?",
        "[a]",
        "[0]=x",
        "{a,b}",
        "#",
        "#SBATCH --wrap=x",
        "a;touch X",
        "a&touch X",
        "a|b",
        "a<b",
        "a>b",
        "(a)",
        ")",
        "\\",
        "\\\\",
        "a\\",
        "-",
        "--",
        "-n",
        "--out",
        "=x",
        "%j",
        "%a",
        "%%",
        "%",
        "@OUT@",
        "@SPECS@",
        "@NAME@",
        "{}",
        "{0}",
        "a\nb",
        "\n",
        "\n#SBATCH --time=1\n",
        "a\r\nb",
        "\t",
        "\u{1b}[31m",
        "\u{7f}",
        "grün",
        "\u{202e}x",
        "\u{2028}",
        "\u{85}",
        "EOF",
        "a=b",
        "$'a'",
        "\\n",
        "\\047",
        "x'$(touch X)'",
        ".",
        "..",
        "+",
    ];

    /// Names that a shell, `sbatch` or a template might take for something else.
    pub(crate) fn odd_names() -> Vec<OsString> {
        let mut names: Vec<OsString> = ODD_WORDS.iter().map(OsString::from).collect();
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            names.extend(
                [&b"\xff"[..], b"a\xc3", b"'\xfe\n$(touch X)`", b"-\x80", b"\x5c\xff"]
                    .map(|b| OsString::from_vec(b.into())),
            );
            // Every byte there may be in a name.
            names.push(OsString::from_vec((1..=255).filter(|&byte| byte != b'/').collect()));
        }
        names
    }

    #[cfg(unix)]
    #[test]
    fn bash_takes_every_word_for_itself() {
        use std::os::unix::ffi::OsStrExt;
        let here = tempfile::tempdir().unwrap();
        let names = odd_names();
        // As an argument, in an array, assigned, and in a comment, one word after another on one
        // line.
        for template in [
            "printf '%s\\0' W",
            "a=(W); printf '%s\\0' \"${a[@]}\"",
            "b=W; printf '%s\\0' \"$b\"",
            "# W",
        ] {
            for locale in ["C", "C.UTF-8"] {
                let lines = names.iter().map(|name| template.replace('W', &quoted(name)));
                let script = lines.collect::<Vec<_>>().join("\n");
                assert_eq!(script.lines().count(), names.len());
                let mut bash = std::process::Command::new("bash");
                let output = bash
                    .current_dir(here.path())
                    .args(["-c", &script])
                    .env("LC_ALL", locale)
                    .output()
                    .unwrap();
                let expected: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
                let found: Vec<&[u8]> = output.stdout.split(|&byte| byte == 0).collect();
                let expected = if template.starts_with('#') { vec![] } else { expected };
                assert_eq!(found[..found.len() - 1], expected[..], "{template}");
                assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
    }

    #[test]
    fn plain_words_stay_readable() {
        for (word, expected) in [
            ("runs/a_b-1.2", "runs/a_b-1.2"),
            ("a b", "'a b'"),
            ("grün", "'grün'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
            ("a\nb'", "$'a\\012b\\''"),
            ("=x", "'=x'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
        assert_eq!([operand(Path::new("-x")), operand(Path::new("x-"))], ["./-x", "x-"]);
    }
}
