//! The architecture, held: who may import whom.
//!
//! Every `use` and every path of the library's files is resolved to the file that defines what is
//! named; the table below says in which order the rooms stand, and no file may import from a room
//! to its right. Nor may files import each other in a circle, within a room or across rooms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The rooms, from left to right, and the question each answers. A room may import from those
/// before it.
const ORDER: &[(&str, &str)] = &[
    ("text", "how is a name or number read and written, and which is near?"),
    ("view", "what do products of matrices look like?"),
    ("real", "f32 or f64?"),
    ("vmath", "how are functions of whole slices computed?"),
    ("matrix", "what is a matrix?"),
    ("random", "where do random numbers come from?"),
    ("file", "is a file whole, and how much memory may be taken?"),
    ("array", "how are matrices stored?"),
    ("measure", "how do matrices compare, wherever they come from?"),
    ("signal", "what drives the rule, without a task?"),
    ("data", "what drives the rule, with a task?"),
    ("rule", "how do weights change?"),
    ("network", "how does a network learn by the rule?"),
    ("recurrent", "how does a network with a memory learn?"),
    ("prelude", "what does a first look take?"),
    ("theory", "what must happen, without running it?"),
    ("recipe", "what update rule made these steps?"),
    ("recorded", "what do the runs of other programs say?"),
    ("condition", "what can be varied?"),
    ("quantity", "what can be measured?"),
    ("spec", "what is asked?"),
    ("run", "how is it run?"),
    ("experiment", "what does one job do?"),
    ("claim", "what do the results say of a statement?"),
    ("figure", "what do the results look like?"),
    ("report", "how are results read in one page?"),
    ("cli", "what does the command line ask for?"),
];

#[test]
fn no_room_imports_from_its_right_and_no_files_in_a_circle() {
    let library = Library::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let offences = library.offences(ORDER);
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

/// A made-up library of these files.
fn library(files: &[(&str, &str)]) -> Library {
    Library::of(files.iter().map(|(path, text)| (Path::new(*path), *text)))
}

const LEFT_AND_RIGHT: &[(&str, &str)] = &[("left", "?"), ("right", "?")];

#[test]
fn an_import_from_the_right_is_found_whatever_the_way() {
    for import in [
        "use crate::right::Thing;",
        "use crate::{\n    right::{Other, Thing as Named},\n};",
        "use super::right::deep;\nfn f() { deep::g() }",
        "fn f() -> crate::right::deep::Thing { todo() }",
        "/* \" */ const A: char = '\"'; use crate::right::Thing; // \"",
    ] {
        let right = [
            ("src/right/mod.rs", "mod deep;\npub use deep::{Other, Thing};"),
            ("src/right/deep.rs", ""),
        ];
        let files =
            [&[("src/lib.rs", "pub mod left;"), ("src/left.rs", import)], &right[..]].concat();
        let found = library(&files).offences(LEFT_AND_RIGHT);
        assert!(!found.is_empty(), "{import}");
        assert!(
            found.iter().all(|told| told.starts_with("src/left.rs imports from src/right/deep.rs")),
            "{found:?}"
        );
    }
    let innocent = "// use crate::right::Thing;\nconst TEXT: &str = \"crate::right::Thing\";\n\
                    const RAW: &str = r#\"use crate::right::Thing;\"#;\n\
                    #[cfg(test)]\nmod tests {\n    use crate::right::Thing;\n}";
    let files = [("src/left.rs", innocent), ("src/right.rs", "use crate::left::Thing;")];
    assert_eq!(library(&files).offences(LEFT_AND_RIGHT), Vec::<String>::new());
    assert!(
        library(&[("src/middle.rs", "")]).offences(LEFT_AND_RIGHT)[0].contains("not in the order")
    );
}

#[test]
fn a_circle_is_found_and_passing_on_children_is_none() {
    let circle = [
        ("src/left/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\npub use b::B;\nuse c::C;"),
        ("src/left/a.rs", "use super::B;"),
        ("src/left/b.rs", "use super::C;"),
        ("src/left/c.rs", "fn f(a: &super::a::A) {}"),
    ];
    let found = library(&circle).offences(LEFT_AND_RIGHT);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("circle of src/left/a.rs and 2 more"), "{found:?}");
    assert!(found[0].contains("src/left/c.rs:1: `super::a::A`"), "{found:?}");
    let files = [circle[0], circle[1], circle[2], ("src/left/c.rs", "")];
    assert_eq!(library(&files).offences(LEFT_AND_RIGHT), Vec::<String>::new());
    // What a module itself defines and its child takes, while it takes from the child.
    let files = [
        ("src/left/mod.rs", "mod a;\nfn f() { a::g() }\nstruct S;"),
        ("src/left/a.rs", "use super::S;"),
    ];
    assert!(
        library(&files).offences(LEFT_AND_RIGHT)[0]
            .starts_with("circle of src/left/mod.rs and 1 more")
    );
}

/// Source files by module path, as read.
struct Library {
    /// Path of the file, for messages, and what it says.
    modules: BTreeMap<Vec<String>, Module>,
}

/// What a file says of others.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Names that `use` brings in, with the path they stand for, as written.
    names: BTreeMap<String, Vec<String>>,
    /// Every path named in the file, in `use` or in the open, with its line.
    paths: Vec<(Vec<String>, usize)>,
    /// Child modules that exist in tests alone.
    test_children: BTreeSet<String>,
}

/// One file imports from another.
struct Import {
    from: Vec<String>,
    to: Vec<String>,
    line: usize,
    path: String,
}

impl Library {
    /// Every file of `src` but those of tests.
    fn read(root: &Path) -> std::io::Result<Self> {
        let mut texts = Vec::new();
        let mut folders = vec![root.join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path)?;
                    texts.push((path.strip_prefix(root).unwrap_or(&path).to_path_buf(), text));
                }
            }
        }
        Ok(Self::of(texts.iter().map(|(path, text)| (path.as_path(), text.as_str()))))
    }

    /// The files of these paths, which start at `src`, and texts.
    fn of<'a>(texts: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Self {
        let mut modules = BTreeMap::new();
        for (path, text) in texts {
            let mut parts: Vec<String> =
                path.iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
            let name = parts.pop().unwrap_or_default();
            // The program is no part of the library.
            if parts.is_empty() && name == "main.rs" {
                continue;
            }
            let stem = name.trim_end_matches(".rs");
            if stem != "mod" && stem != "lib" {
                parts.push(stem.to_string());
            }
            modules.insert(parts, Module::read(path, text));
        }
        let of_tests = |path: &[String]| {
            let parents = (0..path.len()).map(|end| (&path[..end], &path[end]));
            parents.into_iter().any(|(parent, child)| {
                modules
                    .get(parent)
                    .is_some_and(|module: &Module| module.test_children.contains(child))
            })
        };
        let tests: Vec<Vec<String>> =
            modules.keys().filter(|path| of_tests(path)).cloned().collect();
        modules.retain(|path, _| !tests.contains(path));
        Self { modules }
    }

    /// The module whose file defines what `path`, written in module `from`, names; `None` for what
    /// is not of the library.
    fn definition(&self, from: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (mut here, rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                (from[..from.len().checked_sub(ups)?].to_vec(), &path[ups..])
            }
            first => {
                let child = [from, &[first.to_string()]].concat();
                let imported = self.modules.get(from)?.names.get(first);
                match imported {
                    _ if self.modules.contains_key(&child) => (child, &path[1..]),
                    // A name that was imported: where it leads is an import of its own, unless it
                    // is a module.
                    Some(target) if target != path && depth < 16 => {
                        let target = [target.as_slice(), &path[1..]].concat();
                        return self.definition(from, &target, depth + 1);
                    }
                    _ => return None,
                }
            }
        };
        for (place, part) in rest.iter().enumerate() {
            let child = [here.as_slice(), std::slice::from_ref(part)].concat();
            if self.modules.contains_key(&child) {
                here = child;
                continue;
            }
            // What a module passes on is defined elsewhere.
            if let Some(target) = self.modules.get(&here).and_then(|module| module.names.get(part))
                && depth < 16
            {
                let target = [target.as_slice(), &rest[place + 1..]].concat();
                return self.definition(&here, &target, depth + 1).or(Some(here));
            }
            break;
        }
        self.modules.contains_key(&here).then_some(here)
    }

    /// Every import of one file from another.
    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (from, module) in &self.modules {
            for (path, line) in &module.paths {
                // What a module passes on of its children is no import: whoever names it imports
                // from the child.
                let Some(to) = self.definition(from, path, 0) else { continue };
                if to != *from && !to.is_empty() {
                    imports.push(Import {
                        from: from.clone(),
                        to,
                        line: *line,
                        path: path.join("::"),
                    });
                }
            }
        }
        imports
    }

    /// What is wrong, a line each.
    fn offences(&self, order: &[(&str, &str)]) -> Vec<String> {
        let mut found = Vec::new();
        let place = |module: &[String]| {
            order.iter().position(|(room, _)| module.first().is_some_and(|r| r == room))
        };
        for (path, module) in &self.modules {
            if !path.is_empty() && place(path).is_none() {
                found.push(format!(
                    "{}: `{}` is not in the order of rooms: give it a place",
                    module.file.display(),
                    path[0]
                ));
            }
        }
        let imports = self.imports();
        for Import { from, to, line, path } in &imports {
            if place(from) < place(to) {
                found.push(format!(
                    "{} imports from {} in line {line} (`{path}`), and `{}` stands to the right of \
                     `{}`: move what is used to the left, or what uses it to the right",
                    self.name(from),
                    self.name(to),
                    to[0],
                    from[0],
                ));
            }
        }
        found.extend(self.circles(&imports));
        found
    }

    /// A module's file, as messages name it.
    fn name(&self, module: &[String]) -> String {
        self.modules
            .get(module)
            .map_or_else(String::new, |module| module.file.display().to_string().replace('\\', "/"))
    }

    /// Circles of files: one shortest circle of every knot.
    fn circles(&self, imports: &[Import]) -> Vec<String> {
        let mut edges: BTreeMap<&[String], BTreeMap<&[String], &Import>> = BTreeMap::new();
        for import in imports {
            edges.entry(&import.from).or_default().entry(&import.to).or_insert(import);
        }
        let reached = |start: &[String]| {
            let mut seen: BTreeMap<&[String], &Import> = BTreeMap::new();
            let mut queue = std::collections::VecDeque::from([start.to_vec()]);
            while let Some(here) = queue.pop_front() {
                for (to, import) in edges.get(here.as_slice()).into_iter().flatten() {
                    if seen.insert_if_absent(to, import) {
                        queue.push_back(to.to_vec());
                    }
                }
            }
            seen
        };
        let mut told: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut found = Vec::new();
        for start in self.modules.keys() {
            let seen = reached(start);
            if told.contains(start) || !seen.contains_key(start.as_slice()) {
                continue;
            }
            let knot: Vec<&[String]> = seen
                .keys()
                .filter(|other| reached(other).contains_key(start.as_slice()))
                .copied()
                .collect();
            told.extend(knot.iter().map(|module| module.to_vec()));
            // Back from the start, import by import.
            let mut circle = vec![seen[start.as_slice()]];
            while circle.last().is_some_and(|import| import.from != *start) {
                circle.push(seen[circle[circle.len() - 1].from.as_slice()]);
            }
            let (first, others) = (self.name(start), knot.len() - 1);
            let mut message = format!(
                "circle of {first} and {others} more: move what they share to a file of its own"
            );
            for import in circle.iter().rev() {
                let _ = write!(
                    message,
                    "\n    {}:{}: `{}`",
                    self.name(&import.from),
                    import.line,
                    import.path
                );
            }
            found.push(message);
        }
        found
    }
}

/// A map that keeps what came first.
trait InsertIfAbsent<K, V> {
    /// Whether it was absent.
    fn insert_if_absent(&mut self, key: K, value: V) -> bool;
}

impl<K: Ord, V> InsertIfAbsent<K, V> for BTreeMap<K, V> {
    fn insert_if_absent(&mut self, key: K, value: V) -> bool {
        match self.entry(key) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(value);
                true
            }
            std::collections::btree_map::Entry::Occupied(_) => false,
        }
    }
}

/// A word or a sign of Rust, with its line.
type Token<'a> = (&'a str, usize);

/// Words and signs of Rust source, without comments, texts and characters.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut line, mut at) = (Vec::new(), 1, 0);
    while let Some(c) = text[at..].chars().next() {
        let length = length_of_token(&text[at..]);
        let token = &text[at..at + length];
        let blank = c.is_whitespace() || token.starts_with("//") || token.starts_with("/*");
        if !blank && !token.contains('"') && !token.starts_with('\'') {
            tokens.push((token, line));
        }
        line += token.matches('\n').count();
        at += length;
    }
    tokens
}

/// Length in bytes of the token at the start of `text`, which is not empty.
fn length_of_token(text: &str) -> usize {
    let end = |from: usize, until: &str| {
        text[from..].find(until).map_or(text.len(), |at| from + at + until.len())
    };
    if text.starts_with("//") {
        return end(0, "\n");
    }
    if text.starts_with("/*") {
        return end(2, "*/");
    }
    let hashes = text.trim_start_matches(['b', 'r']);
    let raw = text.len() - hashes.len();
    if (1..=2).contains(&raw) && text[..raw].ends_with('r') {
        let marks = hashes.len() - hashes.trim_start_matches('#').len();
        if hashes[marks..].starts_with('"') {
            return end(raw + marks + 1, &format!("\"{}", "#".repeat(marks)));
        }
    }
    if text.starts_with('"') || text.starts_with("b\"") {
        let mut chars = text.char_indices().skip_while(|(_, c)| *c != '"').skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '"' => return at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    if let Some(rest) = text.strip_prefix('\'') {
        // A lifetime has no second quote.
        let mut chars = rest.char_indices();
        return match (chars.next(), chars.next()) {
            (Some((_, '\\')), Some((at, c))) => {
                1 + at + c.len_utf8() + rest[at + c.len_utf8()..].find('\'').unwrap_or(0) + 1
            }
            (Some(_), Some((at, '\''))) => 1 + at + 1,
            _ => 1,
        };
    }
    if text.starts_with("::") {
        return 2;
    }
    let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    if word > 0 { word } else { text.chars().next().map_or(1, char::len_utf8) }
}

impl Module {
    fn read(file: &Path, text: &str) -> Self {
        let mut module = Self { file: file.to_path_buf(), ..Self::default() };
        let tokens = tokens(text);
        let mut rest = tokens.as_slice();
        while let Some((&(token, line), after)) = rest.split_first() {
            rest = match token {
                "#" if is_of_tests(rest) => module.skip_item(after),
                "pub" if after.first().is_some_and(|next| next.0 == "(") => {
                    after_parenthesis(after)
                }
                "use" => module.read_use(after, line),
                _ if is_word(token) && after.first().is_some_and(|next| next.0 == "::") => {
                    module.read_path(rest, line)
                }
                _ => after,
            };
        }
        module
    }

    /// Skips the attributes and the item at the start; a child module of tests is noted.
    fn skip_item<'a, 't>(&mut self, mut rest: &'a [Token<'t>]) -> &'a [Token<'t>] {
        let mut depth = 0_usize;
        let mut words: Vec<&str> = Vec::new();
        while let Some((&(token, _), after)) = rest.split_first() {
            rest = after;
            match token {
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => {
                    depth = depth.saturating_sub(1);
                    if token == "}" && depth == 0 {
                        break;
                    }
                }
                ";" if depth == 0 => break,
                _ if depth == 0 => words.push(token),
                _ => {}
            }
        }
        if let Some(at) = words.iter().position(|word| *word == "mod")
            && let Some(name) = words.get(at + 1)
        {
            self.test_children.insert((*name).to_string());
        }
        rest
    }

    /// Reads a path in the open.
    fn read_path<'a, 't>(&mut self, mut rest: &'a [Token<'t>], line: usize) -> &'a [Token<'t>] {
        let mut path = Vec::new();
        while let Some((&(token, _), after)) = rest.split_first() {
            if !is_word(token) {
                break;
            }
            path.push(token.to_string());
            match after.split_first() {
                Some((&("::", _), next)) => rest = next,
                _ => {
                    rest = after;
                    break;
                }
            }
        }
        self.paths.push((path, line));
        rest
    }

    /// Reads the tree of a `use` to its semicolon.
    fn read_use<'a, 't>(&mut self, mut rest: &'a [Token<'t>], line: usize) -> &'a [Token<'t>] {
        // Paths of the braces that are open, and the one that is being read.
        let mut open: Vec<Vec<String>> = vec![Vec::new()];
        let (mut path, mut line, mut alias) = (Vec::new(), line, None);
        while let Some((&(token, at), after)) = rest.split_first() {
            rest = after;
            match token {
                "{" => open.push(path.clone()),
                "," | "}" | ";" => {
                    let outer = open.last().cloned().unwrap_or_default();
                    if path.len() > outer.len() {
                        self.import(&path, alias.take(), line);
                    }
                    path = outer;
                    if token == "}" {
                        open.pop();
                        // What follows a closed brace is its comma or end: nothing more is imported
                        // there.
                        path = open.last().cloned().unwrap_or_default();
                    }
                    if token == ";" {
                        break;
                    }
                }
                "as" => {
                    alias = rest.first().map(|token| token.0.to_string());
                    rest = rest.get(1..).unwrap_or_default();
                }
                "::" => {}
                _ => {
                    path.push(token.to_string());
                    line = at;
                }
            }
        }
        rest
    }

    fn import(&mut self, path: &[String], alias: Option<String>, line: usize) {
        let mut path = path.to_vec();
        if path.last().is_some_and(|last| last == "self" || last == "*") && path.len() > 1 {
            path.pop();
        }
        if let Some(name) = alias.or_else(|| path.last().cloned()) {
            self.names.insert(name, path.clone());
        }
        self.paths.push((path, line));
    }
}

/// What follows a parenthesis that opens at the start.
fn after_parenthesis<'a, 't>(rest: &'a [Token<'t>]) -> &'a [Token<'t>] {
    let end = rest.iter().position(|token| token.0 == ")").map_or(rest.len(), |at| at + 1);
    &rest[end..]
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Whether an attribute says that what follows is compiled for tests alone.
fn is_of_tests(rest: &[Token<'_>]) -> bool {
    let words: Vec<&str> =
        rest.iter().map(|token| token.0).take_while(|token| *token != "]").collect();
    words.starts_with(&["#", "[", "cfg", "("]) && words.contains(&"test") && !words.contains(&"not")
}
