//! Templates inside one text value, and whole mounted files (`*.j2`).
//!
//! In: nodes and the names that a template may use. Out: the same nodes, filled. A template never sees YAML: it is
//! evaluated after parsing, so a value cannot break the document, and its result is never read again. Nothing here
//! can load, include, call out, read a clock or an environment; fuel bounds every loop.
//!
//! What must hold: an undefined name is an error at its place; a value that is one expression and no more keeps the
//! expression's type (schema.md S8).

mod used;

pub use used::{is_name, may_make, paths};

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context, filters, syntax, value};

use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{Key, Map, Node, Value, within};

/// Bytes of one template inside a value.
const LONGEST: usize = 64 << 10;
/// Bytes that a template may make.
const RESULT: usize = 1 << 20;
/// Steps of one evaluation; a text with 20,000 substitutions needs more than 10,000.
const FUEL: u64 = 100_000;

/// Names that a help can list.
const FEW: usize = 8;

const LIST_AS_TEXT: &str = "a list cannot be put into text";

/// A name that nothing defines.
pub static TEMPLATE_UNKNOWN_NAME: Code = Code {
    name: "template-unknown-name",
    severity: Severity::Error,
    page: Page {
        about: "A template uses a name that nothing defines. Templates know the names under `vars` in stack.yaml and\n\
                stack.name, app.name, app.namespace, nodes[NAME].ip, .publicIP, .arch, network and k3s.\n\
                A name with a dash needs brackets: nodes['pi-1'].ip. Braces that are meant literally stand in\n\
                {% raw %} … {% endraw %}.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {URL: \"https://{{ domian }}/\"}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {URL: \"https://{{ domain }}/\"}\n",
    },
};

/// A template that cannot be evaluated.
pub static TEMPLATE_INVALID: Code = Code {
    name: "template-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A template that cannot be evaluated: a syntax error, an unknown filter, a list or map where text is\n\
                made, or more work than a template may do.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {URL: \"https://{{ domain | uper }}/\"}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {URL: \"https://{{ domain | upper }}/\"}\n",
    },
};

/// What filling can find.
pub static CODES: &[&Code] = &[&TEMPLATE_UNKNOWN_NAME, &TEMPLATE_INVALID];

/// The engine and the names that every template of a stack may use.
pub struct Templates {
    engine: Environment<'static>,
    names: Map,
    values: value::Value,
}

/// [`Templates`] with the names that hold in one file only.
pub struct Scope<'a> {
    templates: &'a Templates,
    names: Vec<&'a Map>,
    values: value::Value,
}

impl Templates {
    /// An engine that knows `names`.
    pub fn new(names: Map) -> Self {
        let values = map_value(&names);
        Templates { engine: engine(), names, values }
    }

    /// Teaches a name that could not be known before.
    pub fn learn(&mut self, name: &'static str, node: Node) {
        self.names.push(Key { span: node.span, text: name.into() }, node);
        self.values = map_value(&self.names);
    }

    /// The names that every template may use.
    pub fn into_names(self) -> Map {
        self.names
    }

    /// For stack.yaml and whatever knows no more than it.
    pub fn scope(&self) -> Scope<'_> {
        Scope { templates: self, names: vec![&self.names], values: self.values.clone() }
    }

    /// For one file, with further names.
    pub fn scope_with<'a>(&'a self, more: &'a Map) -> Scope<'a> {
        let values = context! { ..map_value(more), ..self.values.clone() };
        Scope { templates: self, names: vec![more, &self.names], values }
    }
}

impl Scope<'_> {
    /// Fills every template below a node, in place.
    pub fn fill(&self, node: &mut Node, sources: &Sources, found: &mut Findings) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.fill(item, sources, found)),
            Value::Map(map) => {
                map.entries.iter_mut().for_each(|entry| self.fill(&mut entry.value, sources, found));
            }
            Value::Text(text) if is_template(text) && !found.gave_up(node.span) => match self.value(text) {
                Ok(value) => node.value = value,
                Err(problem) => {
                    let part = problem.part.map_or(node.span, |part| within(sources, node.span, text, part));
                    found.push(problem.finding.at(part));
                    found.give_up(node.span);
                }
            },
            _ => {}
        }
    }

    /// Fills a whole mounted file.
    pub fn file(&self, file: FileId, sources: &Sources, found: &mut Findings) -> Option<String> {
        let text = &sources.file(file).text;
        match self.text(text) {
            Ok(filled) => Some(filled),
            Err(problem) => {
                let part = problem.part.unwrap_or(0..0);
                let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let span = Span { file, start: byte(part.start), end: byte(part.end) };
                found.push(problem.finding.at(span));
                None
            }
        }
    }

    fn value(&self, template: &str) -> Result<Value, Problem> {
        if template.len() > LONGEST {
            return Err(Problem::plain(format!("a template longer than {LONGEST} bytes")));
        }
        match whole(template) {
            Some((inside, at)) => self.expression(template, inside, at),
            None => Ok(Value::Text(self.text(template)?.into())),
        }
    }

    /// A value that is one expression and no more keeps its type; a plain name keeps even the characters that the
    /// user wrote.
    fn expression(&self, template: &str, inside: &str, at: usize) -> Result<Value, Problem> {
        if let Some(node) = self.named(inside.trim()) {
            return Ok(node.value.clone());
        }
        let Ok(expression) = self.templates.engine.compile_expression_owned(inside.to_owned()) else {
            // Two expressions (`{{ a }}{{ b }}`) look like one from outside.
            return Ok(Value::Text(self.text(template)?.into()));
        };
        let value = expression.eval(self.values.clone()).map_err(|error| self.problem(inside, at, &error))?;
        if value.is_undefined() {
            let from = at.saturating_add(inside.len()).saturating_sub(inside.trim_start().len());
            let part = from..from.saturating_add(inside.trim().len());
            return Err(self.unknown(inside.trim(), Some(part)));
        }
        node_value(&value)
            .ok_or_else(|| Problem::plain("the template makes nothing that YAML can hold".to_owned()))
    }

    /// The node behind a dotted name.
    fn named(&self, path: &str) -> Option<&Node> {
        self.names.iter().find_map(|names| named(names, path))
    }

    fn text(&self, template: &str) -> Result<String, Problem> {
        let made = self
            .templates
            .engine
            .render_named_str("template", template, self.values.clone())
            .map_err(|error| self.problem(template, 0, &error))?;
        if made.len() > RESULT {
            return Err(Problem::plain(format!("the template makes more than {RESULT} bytes")));
        }
        Ok(made)
    }

    /// The engine's error in the house's words; `at` is where `source` begins in the value.
    fn problem(&self, source: &str, at: usize, error: &Error) -> Problem {
        let range = error.range().map(|range| whole_name(source, whole_characters(source, &range)));
        let moved = |range: Range<usize>| range.start.saturating_add(at)..range.end.saturating_add(at);
        let named = |range: &Option<Range<usize>>| {
            range.clone().and_then(|range| source.get(range)).unwrap_or_default()
        };
        if error.kind() == ErrorKind::UndefinedError {
            let dash =
                range.as_ref().and_then(|range| dashed(source, range.start, named(&Some(range.clone()))));
            let mut problem = self.unknown(expression_of(named(&range)), range.map(moved));
            problem.finding.help = dash.or(problem.finding.help);
            return problem;
        }
        // A dash between two names that nothing defines was meant as a part of one name.
        let of_nothing = |detail: &str| detail.contains("- operator") && detail.contains("undefined");
        if error.kind() == ErrorKind::InvalidOperation && error.detail().is_some_and(of_nothing) {
            return self.unknown(expression_of(named(&range)), range.map(moved));
        }
        let message = match error.kind() {
            ErrorKind::OutOfFuel => "the template does too much work".to_owned(),
            ErrorKind::UnknownFilter => format!("templates know no filter `{}`", named(&range)),
            ErrorKind::UnknownTest => format!("templates know no test `{}`", named(&range)),
            ErrorKind::UnknownFunction => "templates know no functions".to_owned(),
            kind => {
                let detail = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
                format!("the template cannot be evaluated: {}", plain_words(&detail))
            }
        };
        let mut problem = Problem { part: range.clone().map(moved), ..Problem::plain(message) };
        problem.finding.help = match error.kind() {
            ErrorKind::UnknownFilter => Some(known(named(&range), FILTERS)),
            ErrorKind::UnknownTest => Some(known(named(&range), TESTS)),
            ErrorKind::InvalidOperation if error.detail() == Some(LIST_AS_TEXT) => {
                Some(format!("join it: {{{{ {} | join(', ') }}}}", expression_of(named(&range))))
            }
            ErrorKind::SyntaxError
                if error.detail().is_some_and(|detail| detail.contains("end of block")) =>
            {
                Some(
                    "each `{% if … %}` needs its `{% endif %}`, each `{% for … %}` its `{% endfor %}`"
                        .to_owned(),
                )
            }
            _ => None,
        };
        problem
    }

    fn unknown(&self, name: &str, part: Option<Range<usize>>) -> Problem {
        let mut finding = Draft::new(&TEMPLATE_UNKNOWN_NAME, format!("nothing defines `{name}`"));
        finding.help = self.suggestion(name);
        Problem { finding, part }
    }

    /// The nearest name at the level where the path leaves what is known.
    fn suggestion(&self, path: &str) -> Option<String> {
        let mut known = String::new();
        let mut level: Vec<&Map> = self.names.clone();
        let apps = parts(path).first() == Some(&"apps");
        if apps && level.iter().all(|map| map.get("apps").is_none()) {
            return Some(
                "apps are not known here: an app's `namespace` and `ports`, a kind's `engine` and `port`, and \
                 most of stack.yaml are filled before them and may use vars"
                    .to_owned(),
            );
        }
        for part in parts(path) {
            let next = level.iter().find_map(|map| map.get(part));
            let Some(next) = next else {
                let entries = level.iter().flat_map(|map| map.entries.iter());
                let names: Vec<&str> = entries.map(|entry| entry.key.text.as_ref()).collect();
                let near = nearest(part, names.iter().copied())
                    .map(|near| format!("did you mean `{}`?", below(&known, near)));
                let inside =
                    Some(known).filter(|known| !known.is_empty() && (1..=FEW).contains(&names.len()));
                return near.or_else(|| inside.map(|inside| format!("known in `{inside}`: {}", list(names))));
            };
            known = below(&known, part);
            level = next.as_map().into_iter().collect();
        }
        None
    }
}

/// What names say behind a path: `nodes.alpha.ip`.
pub fn named<'a>(names: &'a Map, path: &str) -> Option<&'a Node> {
    let mut parts = parts(path).into_iter();
    let first = names.get(parts.next()?)?;
    parts.try_fold(first, Node::get)
}

/// The keys of a path: `apps['my-auth'].host` has three.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let bracketed = ['\'', '"'].into_iter().find_map(|quote| {
            rest.strip_prefix('[')?
                .strip_prefix(quote)?
                .split_once(quote)
                .and_then(|(key, rest)| Some((key, rest.strip_prefix(']')?)))
        });
        let (key, left) = bracketed.unwrap_or_else(|| {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| matches!(c, '.' | '['))
                .map_or(rest.len(), |(at, _)| at);
            rest.split_at(end)
        });
        parts.push(key);
        rest = left.strip_prefix('.').unwrap_or(left);
    }
    parts
}

/// A key below a path; one with a dash stands in brackets.
fn below(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (path, plain) {
        ("", _) => key.to_owned(),
        (_, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}['{key}']"),
    }
}

/// `apps.my-auth.host` is a subtraction to a template: the way to write it, where an unknown name stands behind a dash.
fn dashed(source: &str, start: usize, name: &str) -> Option<String> {
    let before = source.get(..start)?.strip_suffix('-')?;
    let from = before
        .rfind(|c: char| !c.is_ascii_alphanumeric() && !"._".contains(c))
        .map_or(0, |at| at.saturating_add(1));
    let (path, first) = before.get(from..)?.rsplit_once('.')?;
    let second = parts(name).into_iter().next()?;
    Some(format!("a name with a dash stands in brackets: {path}['{first}-{second}']"))
}

/// A finding whose place is not known yet.
struct Draft {
    code: &'static Code,
    message: String,
    help: Option<String>,
}

impl Draft {
    fn new(code: &'static Code, message: String) -> Self {
        Draft { code, message, help: None }
    }

    fn at(self, span: Span) -> Finding {
        Finding::new(self.code, span, self.message).maybe_help(self.help)
    }
}

/// What is wrong, and with which bytes of the template.
struct Problem {
    finding: Draft,
    part: Option<Range<usize>>,
}

impl Problem {
    fn plain(message: String) -> Self {
        Problem { finding: Draft::new(&TEMPLATE_INVALID, message), part: None }
    }
}

/// Everything else goes to the manifests untouched.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// The inside of `{{ … }}` and where it starts, when the text begins and ends with the braces.
fn whole(template: &str) -> Option<(&str, usize)> {
    let trimmed = template.trim();
    let inside = trimmed.strip_prefix("{{")?.strip_suffix("}}")?;
    let at = template.len().saturating_sub(template.trim_start().len()).saturating_add(2);
    Some((inside, at))
}

/// The engine marks one byte of a character that it does not expect.
fn whole_characters(source: &str, range: &Range<usize>) -> Range<usize> {
    let bounds = || (0..=source.len()).filter(|at| source.is_char_boundary(*at));
    let start = bounds().take_while(|at| *at <= range.start).last().unwrap_or(0);
    let end = bounds().find(|at| *at >= range.end).unwrap_or(source.len());
    start..end
}

/// The engine marks `.b.c` of `a.b.c`; people look for the whole name.
fn whole_name(source: &str, range: Range<usize>) -> Range<usize> {
    let marked = source.get(range.clone()).unwrap_or_default();
    if !marked.starts_with(['.', '[']) {
        return range;
    }
    let before = source.get(..range.start).unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '\'' | '"' | '-');
    let start = before.trim_end_matches(is_part).len();
    start..range.end
}

/// The engine marks the whole `{{ … }}` or the bare expression; people want the name.
fn expression_of(marked: &str) -> &str {
    let inside = marked.trim().trim_start_matches("{{").trim_end_matches("}}");
    inside.split('|').next().unwrap_or(inside).trim()
}

/// The engine's words for what people write.
fn plain_words(detail: &str) -> String {
    detail
        .replace("end of variable block", "`}}`")
        .replace("end of block", "`%}`")
        .replace("end of input", "end of the text")
}

fn known(word: &str, names: &[&str]) -> String {
    nearest(word, names.iter().copied()).map_or_else(
        || format!("known here: {}", list(names.iter().copied())),
        |near| format!("did you mean `{near}`?"),
    )
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(32);
    engine.set_debug(true);
    if let Ok(syntax) = syntax::SyntaxConfig::builder().keep_trailing_newline(true).build() {
        engine.set_syntax(syntax);
    }
    engine.set_formatter(|out, _, value| match value.kind() {
        value::ValueKind::String | value::ValueKind::Number => write_plain(out, value),
        value::ValueKind::Bool => {
            write_plain(out, &value::Value::from(if value.is_true() { "true" } else { "false" }))
        }
        kind => {
            let list = kind == value::ValueKind::Seq;
            let why = if list { LIST_AS_TEXT } else { "a map cannot be put into text" };
            Err(Error::new(ErrorKind::InvalidOperation, why))
        }
    });
    add_filters(&mut engine);
    add_tests(&mut engine);
    engine
}

fn write_plain(out: &mut minijinja::Output<'_>, value: &value::Value) -> Result<(), Error> {
    write!(out, "{value}").map_err(|_| Error::new(ErrorKind::WriteFailure, "the text cannot grow further"))
}

/// Rows of a name and the engine's function; the names alone serve suggestions.
macro_rules! rows {
    ($names:ident, $add:ident, $method:ident, $($name:literal $function:path),*) => {
        const $names: &[&str] = &[$($name),*];

        fn $add(engine: &mut Environment<'static>) {
            $(engine.$method($name, $function);)*
        }
    };
}

rows! { FILTERS, add_filters, add_filter,
    "default" filters::default,
    "upper" filters::upper,
    "lower" filters::lower,
    "trim" filters::trim,
    "replace" filters::replace,
    "join" filters::join,
    "length" filters::length,
    "first" filters::first,
    "last" filters::last,
    "int" filters::int,
    "float" filters::float,
    "string" filters::string,
    "sort" filters::sort,
    "unique" filters::unique,
    "split" filters::split,
    "lines" filters::lines,
    "indent" filters::indent,
    "round" filters::round,
    "abs" filters::abs,
    "min" filters::min,
    "max" filters::max
}

rows! { TESTS, add_tests, add_test,
    "defined" minijinja::tests::is_defined,
    "undefined" minijinja::tests::is_undefined,
    "none" minijinja::tests::is_none,
    "string" minijinja::tests::is_string,
    "number" minijinja::tests::is_number,
    "in" minijinja::tests::is_in
}

fn map_value(map: &Map) -> value::Value {
    let entries = map.entries.iter().map(|entry| (entry.key.text.to_string(), engine_value(&entry.value)));
    entries.collect::<BTreeMap<String, value::Value>>().into()
}

fn engine_value(node: &Node) -> value::Value {
    match &node.value {
        Value::Null => value::Value::from(()),
        Value::Bool(truth, _) => value::Value::from(*truth),
        Value::Int(number, _) => value::Value::from(*number),
        Value::Float(number, _) => value::Value::from(*number),
        Value::Text(text) => value::Value::from(text.as_ref()),
        Value::List(items) => items.iter().map(engine_value).collect::<Vec<_>>().into(),
        Value::Map(map) => map_value(map),
    }
}

/// None for what YAML cannot hold. What a list or map made by an expression holds has no place of its own, so
/// it takes none: expressions make scalars, and names carry whole nodes.
fn node_value(value: &value::Value) -> Option<Value> {
    match value.kind() {
        value::ValueKind::Bool => Some(Value::Bool(value.is_true(), None)),
        value::ValueKind::Number => match i64::try_from(value.clone()) {
            Ok(number) => Some(Value::Int(number, None)),
            Err(_) => {
                f64::try_from(value.clone()).ok().filter(|n| n.is_finite()).map(|n| Value::Float(n, None))
            }
        },
        value::ValueKind::String => value.as_str().map(|text| Value::Text(text.to_owned().into())),
        _ => None,
    }
}

/// A map of names, for building scopes.
pub fn names<'a>(span: Span, entries: impl IntoIterator<Item = (&'a str, Node)>) -> Map {
    let mut map = Map::default();
    for (name, node) in entries {
        map.push(Key { span, text: name.to_owned().into() }, node);
    }
    map
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::write::tests::{any_node, cases};

    fn has_template(node: &Node) -> bool {
        node.as_text().is_some_and(is_template)
            || node.items().iter().any(has_template)
            || node.entries().iter().any(|entry| has_template(&entry.value))
    }

    /// A value of a file, filled; `a`, `b.c` and `n` are known.
    fn filled(text: &str) -> (Node, Vec<Finding>) {
        let mut sources = Sources::default();
        let file = sources.add("test".into(), Ok(text.as_bytes().to_vec()));
        let at = file.start();
        let known = [
            ("a", Node::text(at, "A")),
            ("b", Node::map(at, [("c", Node::list(at, [Node::text(at, "C")]))])),
            ("n", Node::int(at, 8)),
        ];
        let mut node =
            Node::text(Span { end: u32::try_from(text.len()).unwrap_or(0), ..at }, text.to_owned());
        let mut found = Findings::default();
        Templates::new(names(at, known)).scope().fill(&mut node, &sources, &mut found);
        (node, found.sorted())
    }

    #[test]
    fn a_path_s_keys() {
        assert_eq!(parts("apps.web.host"), ["apps", "web", "host"]);
        assert_eq!(parts("apps['my-auth'].ports[\"http\"]"), ["apps", "my-auth", "ports", "http"]);
        assert_eq!(parts("nodes['pi.local'].ip"), ["nodes", "pi.local", "ip"]);
        assert_eq!(parts("network.clusterCIDR[0]"), ["network", "clusterCIDR", "[0]"]);
        assert_eq!(parts(""), [""; 0]);
        assert_eq!(parts("['"), ["['"]);
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn what_holds_no_template_stays(node in any_node()) {
            prop_assume!(!has_template(&node));
            let mut after = node.clone();
            let mut found = Findings::default();
            Templates::new(Map::default()).scope().fill(&mut after, &Sources::default(), &mut found);
            prop_assert!(after.same(&node) && found.errors() == 0);
        }

        /// Whatever stands in braces: a text, or one finding inside of it.
        #[test]
        fn any_template_ends(parts in proptest::collection::vec(
            prop_oneof![
                "[ -~\\n]{0,4}",
                proptest::sample::select(vec![
                    "{{", "}}", "{%", "%}", "{#", "#}", "{{ a }}", "{{ n * n }}", "{% for x in b.c %}", "{% endfor %}",
                    "{% if a %}", "{% endif %}", "{% raw %}", "{% endraw %}", "{% set a = a ~ a %}", " | upper", " b.c[0]", "'x' * 999999999",
                    "range(999999999)", "-", "(", "[", "é",
                ]).prop_map(str::to_owned),
            ],
            0..10,
        )) {
            let text = parts.concat();
            let (_, found) = filled(&text);
            prop_assert!(found.len() <= 1, "{:?}", found);
            for finding in found {
                let Span { start, end, .. } = finding.primary.span;
                let marked = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                prop_assert!(text.get(marked).is_some(), "{:?}", finding);
            }
        }
    }

    #[test]
    fn an_unexpected_character_is_marked_whole() {
        let text = "x {{ a \u{2028}}}";
        let (_, found) = filled(text);
        let spans: Vec<_> =
            found.iter().map(|finding| (finding.primary.span.start, finding.primary.span.end)).collect();
        assert_eq!(spans, [(7, 10)]);
    }
}
