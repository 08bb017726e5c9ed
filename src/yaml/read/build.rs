//! Parser events to trees, iteratively: an explicit stack, so that no input can exhaust the machine's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::refuse;
use super::{Dialect, KEY_DUPLICATE, KEY_NOT_TEXT, YAML_ALIAS, YAML_LIMIT, YAML_MERGE_KEY, YAML_SYNTAX};
use crate::finding::{Finding, Findings, Words};
use crate::source::{FileId, Span};
use crate::yaml::scalar::{self, Scalar};
use crate::yaml::{Key, Map, Node, Value};

const ALIASES: usize = 1_000;
const EXPANDED_FREE: usize = 10_000;
const EXPANDED_RATIO: usize = 10;
/// What anchors and aliases may add to the tree in memory (bytes): one long text repeated is a bomb of few nodes.
const COPIED: usize = 16 << 20;
/// Kubernetes refuses a ConfigMap over 1 MiB, so no honest scalar is longer (bytes).
const SCALAR: usize = 1 << 20;
const KEY: usize = 1_024;

/// A list or map under construction.
struct Frame {
    span: Span,
    anchor: usize,
    flow: bool,
    /// Has a list or map for a key: told, so what is made of it is given up.
    broken: bool,
    /// Stands in such a key itself: what is in it needs no telling.
    in_key: bool,
    /// Of all that it holds so far.
    size: Size,
    kind: Open,
}

/// What a value is in the tree, copies by aliases included.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    /// In memory.
    bytes: usize,
    /// Lists and maps in one another; 0 for what is neither.
    depth: usize,
}

impl Size {
    fn of(text: &str) -> Size {
        Size { nodes: 1, bytes: text.len().saturating_add(size_of::<Node>()), depth: 0 }
    }

    /// With a value in it.
    fn holding(self, inner: Size) -> Size {
        Size {
            nodes: self.nodes.saturating_add(inner.nodes),
            bytes: self.bytes.saturating_add(inner.bytes),
            depth: self.depth.max(inner.depth.saturating_add(1)),
        }
    }
}

enum Open {
    List(Vec<Node>),
    Map { map: Map, key: Option<PendingKey>, merge: Option<(Span, Node)>, seen: Seen },
}

/// Between a key and its value.
enum PendingKey {
    Plain(Key),
    Merge(Span),
    /// Told already; its value is dropped.
    Bad,
}

/// Which keys a map has; a set once searching the list would cost.
#[derive(Default)]
struct Seen(Option<BTreeMap<String, Span>>);

impl Seen {
    const SEARCHED: usize = 16;

    /// The place of the same key before, or nothing and the key is remembered.
    fn before(&mut self, map: &Map, key: &str, span: Span) -> Option<Span> {
        if self.0.is_none() {
            if map.entries.len() < Self::SEARCHED {
                return map.entry(key).map(|entry| entry.key.span);
            }
            let known = map.entries.iter().map(|entry| (entry.key.text.to_string(), entry.key.span));
            self.0 = Some(known.collect());
        }
        let set = self.0.get_or_insert_default();
        let before = set.get(key).copied();
        if before.is_none() {
            set.insert(key.to_owned(), span);
        }
        before
    }
}

/// A finished anchor: its value and what a copy adds.
struct Anchored {
    node: Node,
    size: Size,
    /// What a scalar was, as keys are made of that.
    scalar: Option<Scalar>,
}

pub(super) struct Builder<'t, 'f> {
    file: FileId,
    text: &'t str,
    dialect: Dialect,
    found: &'f mut Findings,
    documents: Vec<Node>,
    stack: Vec<Frame>,
    root: Option<Node>,
    anchors: BTreeMap<usize, Rc<Anchored>>,
    /// What keys were before they became text, by their place.
    converted: BTreeMap<u32, Scalar>,
    nodes: usize,
    expanded: usize,
    copied: usize,
    /// The end of the last block, and where its text ends.
    trimmed: (u32, u32),
    aliases: usize,
    /// The last list or map where a key was due.
    bad_key: Option<Span>,
}

/// Reading goes no further; the finding is already told.
struct Stop;

impl<'t, 'f> Builder<'t, 'f> {
    /// A builder for one file's text.
    pub(super) fn new(file: FileId, text: &'t str, dialect: Dialect, found: &'f mut Findings) -> Self {
        Builder {
            file,
            text,
            dialect,
            found,
            documents: Vec::new(),
            stack: Vec::new(),
            root: None,
            anchors: BTreeMap::new(),
            converted: BTreeMap::new(),
            nodes: 0,
            expanded: 0,
            copied: 0,
            trimmed: (0, 0),
            aliases: 0,
            bad_key: None,
        }
    }

    /// All documents that could be read.
    pub(super) fn run(mut self) -> Vec<Node> {
        self.events();
        self.documents
    }

    fn events(&mut self) {
        let mut options = granit_parser::Options::default();
        options.set_emit_comments(false);
        options.disallow_directives = true;
        options.emit_anchor_events = true;
        let depth = self.dialect.depth();
        options.flow_nesting_limit = depth;
        options.block_nesting_limit = depth;
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => {
                    let span = self.span(&span);
                    if self.event(event, span).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let open = self.stack.last().filter(|frame| frame.flow).map(|frame| frame.span);
                    let finding = refuse::syntax(self.file, self.text, depth, open, &error);
                    let template = self.in_template(finding.primary.span);
                    let finding = finding.maybe_help(template.then(|| refuse::template(self.dialect)));
                    if !self.same_line(self.bad_key, finding.primary.span) {
                        self.found.push(finding);
                    }
                    return;
                }
            }
        }
    }

    /// Whether `{{` stands before the place, on its line.
    fn in_template(&self, at: Span) -> bool {
        let before = self.text.get(..usize::try_from(at.start).unwrap_or(0)).unwrap_or("");
        before.rsplit('\n').next().is_some_and(|line| line.contains("{{"))
    }

    /// What breaks behind `{{ x }}` breaks for its sake, which has been told.
    fn same_line(&self, first: Option<Span>, then: Span) -> bool {
        let byte = |at: u32| usize::try_from(at).unwrap_or(0);
        first
            .and_then(|first| self.text.get(byte(first.start)..byte(then.start)))
            .is_some_and(|between| !between.contains('\n'))
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let byte = |marker: granit_parser::Marker| {
            u32::try_from(marker.byte_offset().unwrap_or_default()).unwrap_or(u32::MAX)
        };
        Span { file: self.file, start: byte(span.start), end: byte(span.end) }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(style, anchor, _) => self.open(style, anchor, span, Open::List(Vec::new())),
            Event::MappingStart(style, anchor, _) => {
                let kind = Open::Map { map: Map::default(), key: None, merge: None, seen: Seen::default() };
                self.open(style, anchor, span, kind)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::Anchor(_, name) => {
                self.anchor_name(&name, span);
                Ok(())
            }
            Event::DocumentEnd => {
                self.end_document();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end_document(&mut self) {
        self.anchors.clear();
        match self.root.take() {
            // A document of comments alone, or of `~`, is skipped as kubectl skips it.
            None | Some(Node { value: Value::Null, .. }) => {}
            Some(node) => self.documents.push(node),
        }
    }

    fn limit(&mut self, span: Span, message: impl Into<Words>) -> Stop {
        self.found.push(Finding::new(&YAML_LIMIT, span, message).label("reading stopped here"));
        Stop
    }

    fn count(&mut self, span: Span) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > self.dialect.nodes() {
            let most = self.dialect.nodes();
            return Err(self.limit(span, format!("more than {most} values in one file")));
        }
        Ok(())
    }

    fn open(&mut self, style: StructureStyle, anchor: usize, span: Span, kind: Open) -> Result<(), Stop> {
        self.count(span)?;
        if self.stack.len() >= self.dialect.depth() {
            let most = self.dialect.depth();
            return Err(self.limit(span, format!("nested deeper than {most} levels")));
        }
        let flow = style == StructureStyle::Flow;
        if flow && !self.in_flow() {
            refuse::tab(self.text, span, self.found);
        }
        let in_key = self.collection_key(span);
        self.stack.push(Frame {
            span,
            anchor,
            flow,
            broken: false,
            in_key,
            size: Size { depth: 1, ..Size::of("") },
            kind,
        });
        Ok(())
    }

    fn in_flow(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.flow)
    }

    /// Tells a list or map where a key is due; true for it and all in it.
    fn collection_key(&mut self, span: Span) -> bool {
        let Some(frame) = self.stack.last_mut().filter(|frame| !frame.in_key) else {
            return !self.stack.is_empty();
        };
        if matches!(frame.kind, Open::Map { key: None, .. }) {
            frame.broken = true;
            self.bad_key = Some(span);
            let finding = Finding::new(&KEY_NOT_TEXT, span, "a list or map cannot be a key");
            let braces = self.text.get(usize::try_from(span.start).unwrap_or(0)..).unwrap_or("");
            self.found.push(if braces.starts_with('{') {
                finding.label("YAML reads `{` as the start of a map").help(refuse::template(self.dialect))
            } else {
                finding
            });
            return true;
        }
        false
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let mut span = frame.span.to(end);
        if !frame.flow {
            span = self.trim(span);
        }
        if frame.broken {
            self.found.give_up(span);
        }
        let value = match frame.kind {
            Open::List(mut items) => {
                items.shrink_to_fit();
                Value::List(items)
            }
            Open::Map { mut map, merge: None, .. } => {
                map.entries.shrink_to_fit();
                Value::Map(map)
            }
            Open::Map { map, merge: Some((at, source)), .. } => Value::Map(self.merged(at, source, map)),
        };
        let node = Node { span, value };
        self.remember(frame.anchor, &node, frame.size, None)?;
        self.place(node, frame.size);
        Ok(())
    }

    /// A block's span ends behind its last visible character, not at the next token. Blocks in one another end at one
    /// place, however far the next token is.
    fn trim(&mut self, span: Span) -> Span {
        if self.trimmed.0 != span.end {
            let end = usize::try_from(span.end).unwrap_or(usize::MAX);
            let visible = self.text.get(..end).map_or(end, |before| before.trim_end().len());
            self.trimmed = (span.end, u32::try_from(visible).unwrap_or(u32::MAX));
        }
        Span { end: self.trimmed.1.max(span.start), ..span }
    }

    fn remember(
        &mut self,
        anchor: usize,
        node: &Node,
        size: Size,
        scalar: Option<Scalar>,
    ) -> Result<(), Stop> {
        if anchor != 0 {
            self.copy(node.span, size)?;
            self.anchors.insert(anchor, Rc::new(Anchored { node: node.clone(), size, scalar }));
        }
        Ok(())
    }

    /// Before a copy is made.
    fn copy(&mut self, span: Span, size: Size) -> Result<(), Stop> {
        self.copied = self.copied.saturating_add(size.bytes);
        if self.copied > COPIED {
            let most = COPIED >> 20;
            return Err(self.limit(span, format!("anchors and aliases repeat more than {most} MiB")));
        }
        Ok(())
    }

    /// Hands a finished node to what holds it.
    fn place(&mut self, node: Node, size: Size) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.size = frame.size.holding(size);
        match &mut frame.kind {
            Open::List(items) => items.push(node),
            Open::Map { map, key, merge, .. } => match key.take() {
                Some(PendingKey::Plain(key)) => map.push(key, node),
                Some(PendingKey::Merge(at)) => *merge = Some((at, node)),
                Some(PendingKey::Bad) => {}
                // A list or map as key, told when it began.
                None => *key = Some(PendingKey::Bad),
            },
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Stop> {
        self.count(span)?;
        if text.len() > SCALAR {
            return Err(self.limit(span, "a single text longer than 1 MiB"));
        }
        // granit gives an absent value as a plain `~` of no length.
        let absent = style == ScalarStyle::Plain && span.start == span.end;
        let flow = self.in_flow();
        refuse::scalar(self.text, span, style, flow, self.found);
        if !flow
            && matches!(style, ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
        {
            refuse::tab(self.text, span, self.found);
        }
        let plain = style == ScalarStyle::Plain;
        let key_due = matches!(self.stack.last(), Some(Frame { kind: Open::Map { key: None, .. }, .. }));
        let text = if absent { Cow::Borrowed("") } else { self.as_it_ends(text, style, span) };
        if key_due && text == "<<" && is_merge(plain, tag) {
            self.merge_key(span);
            return Ok(());
        }
        let (scalar, text) = self.resolve(text, plain, tag, span);
        if key_due {
            return self.scalar_key(scalar, &text, anchor, span);
        }
        let node = Node { span, value: self.value(scalar, &text, span) };
        let size = Size::of(&text);
        self.remember(anchor, &node, size, Some(scalar))?;
        self.place(node, size);
        Ok(())
    }

    /// Where the file ends in a block's last line, without a newline, the block has none either: go-yaml keeps to that,
    /// granit adds one.
    fn as_it_ends<'x>(&self, text: Cow<'x, str>, style: ScalarStyle, span: Span) -> Cow<'x, str> {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !is_block || self.text.ends_with(['\n', '\r']) {
            return text;
        }
        let start = self.text.rfind(['\n', '\r']).map_or(0, |at| at.saturating_add(1));
        let last = self.text.get(start..).map_or("", str::trim_start);
        let is_in = usize::try_from(span.end).is_ok_and(|end| end > start) && !last.is_empty();
        match text.strip_suffix('\n').filter(|before| is_in && before.ends_with(last)) {
            Some(before) => Cow::Owned(before.to_owned()),
            None => text,
        }
    }

    fn value(&mut self, scalar: Scalar, text: &str, span: Span) -> Value {
        scalar.into_value(text.into()).unwrap_or_else(|reason| {
            self.found.push(Finding::new(&YAML_SYNTAX, span, format!("`{text}`: {reason}")));
            Value::Null
        })
    }

    fn resolve<'x>(
        &mut self,
        text: Cow<'x, str>,
        plain: bool,
        tag: Option<&Tag>,
        span: Span,
    ) -> (Scalar, Cow<'x, str>) {
        let Some(suffix) = tag.and_then(core) else {
            let scalar = if plain && tag.is_none() { self.plain(&text) } else { Scalar::Text };
            return (scalar, text);
        };
        scalar::tagged(suffix, text).unwrap_or_else(|reason| {
            self.found.push(Finding::new(&YAML_SYNTAX, span, reason.words()));
            (Scalar::Text, Cow::Borrowed(""))
        })
    }

    /// kustomize's reader knows YAML 1.2's truths alone.
    fn plain(&self, text: &str) -> Scalar {
        match scalar::plain(text) {
            Scalar::Bool(_)
                if self.dialect == Dialect::Kustomize
                    && !text.eq_ignore_ascii_case("true")
                    && !text.eq_ignore_ascii_case("false") =>
            {
                Scalar::Text
            }
            scalar => scalar,
        }
    }

    fn scalar_key(&mut self, scalar: Scalar, text: &str, anchor: usize, span: Span) -> Result<(), Stop> {
        if anchor != 0 {
            let node = Node { span, value: self.value(scalar, text, span) };
            self.remember(anchor, &node, Size::of(text), Some(scalar))?;
        }
        match key_text(scalar, text, self.dialect) {
            Ok(text) => {
                if scalar != Scalar::Text {
                    self.converted.insert(span.start, scalar);
                }
                self.key(text, span);
            }
            Err(message) => {
                let quoted = (!text.is_empty()).then(|| format!("write it in quotes: \"{text}\""));
                if !self.stack.last().is_some_and(|frame| frame.in_key) {
                    self.found.push(Finding::new(&KEY_NOT_TEXT, span, message).maybe_help(quoted));
                }
                self.set_key(PendingKey::Bad);
            }
        }
        Ok(())
    }

    fn set_key(&mut self, pending: PendingKey) {
        if let Some(Frame { kind: Open::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some(pending);
        }
    }

    fn key(&mut self, text: Cow<'static, str>, span: Span) {
        if text.chars().count() > KEY {
            self.found.push(Finding::new(&YAML_LIMIT, span, format!("a key longer than {KEY} characters")));
            return self.set_key(PendingKey::Bad);
        }
        let Some(Frame { kind: Open::Map { map, seen, .. }, size, .. }) = self.stack.last_mut() else {
            return;
        };
        *size = size.holding(Size::of(&text));
        if let Some(first) = seen.before(map, &text, span) {
            self.found.push(
                Finding::new(&KEY_DUPLICATE, span, format!("the key `{text}` stands twice in one map"))
                    .label("again here")
                    .also(first, "first here"),
            );
            return self.set_key(PendingKey::Bad);
        }
        self.set_key(PendingKey::Plain(Key { span, text }));
    }

    fn merge_key(&mut self, span: Span) {
        let Some(Frame { kind: Open::Map { map, key, merge, .. }, .. }) = self.stack.last_mut() else {
            return;
        };
        let last = map.entries.last().map(|entry| entry.key.span);
        // The one reader of what kustomize reads lets own keys win wherever the merge stands.
        let last = last.filter(|_| self.dialect != Dialect::Kustomize);
        let before = merge.as_ref().map(|(at, _)| *at).or(last);
        *key = Some(PendingKey::Merge(span));
        if let Some(first) = before {
            *key = Some(PendingKey::Bad);
            self.found.push(
                Finding::new(
                    &YAML_MERGE_KEY,
                    span,
                    "a merge key must be the first entry of its map, and the only one",
                )
                .also(first, "this comes before it")
                .help("move `<<` to the top of the map; several maps go in a list: <<: [*a, *b]"),
            );
        }
    }

    /// Own keys win; of several merged maps the earlier wins.
    fn merged(&mut self, at: Span, source: Node, own: Map) -> Map {
        let sources = match source.value {
            Value::Map(map) => vec![map],
            Value::List(items) if items.iter().all(|item| item.as_map().is_some()) => items
                .into_iter()
                .filter_map(|item| match item.value {
                    Value::Map(map) => Some(map),
                    _ => None,
                })
                .collect(),
            _ => {
                self.found.push(Finding::new(
                    &YAML_MERGE_KEY,
                    at,
                    "a merge key takes a map or a list of maps",
                ));
                Vec::new()
            }
        };
        let theirs = sources.into_iter().flat_map(|map| map.entries).map(|entry| (entry, false));
        let (mut merged, mut places) = (Map::default(), BTreeMap::new());
        for (entry, is_own) in theirs.chain(own.entries.into_iter().map(|entry| (entry, true))) {
            let place = places.get(&entry.key.text).copied();
            let Some(before) = place.and_then(|place: usize| merged.entries.get_mut(place)) else {
                places.insert(entry.key.text.clone(), merged.entries.len());
                merged.entries.push(entry);
                continue;
            };
            self.same_kind(&before.key, &entry.key);
            if is_own {
                *before = entry;
            }
        }
        merged
    }

    /// `1` and `"1"` are two keys until Kubernetes makes text of both; which one is left then is chance.
    fn same_kind(&mut self, first: &Key, second: &Key) {
        let kind = |key: &Key| self.converted.get(&key.span.start);
        if kind(first) != kind(second) {
            let message = format!("the keys `{}` of merged maps differ in quotes or in kind", first.text);
            self.found.push(
                Finding::new(&KEY_DUPLICATE, second.span, message)
                    .label("this one")
                    .also(first.span, "and this one"),
            );
        }
    }

    fn anchor_name(&mut self, name: &str, span: Span) {
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            self.found.push(
                Finding::new(
                    &YAML_ALIAS,
                    span,
                    // It may be a password that begins with `&`, so it is not said.
                    "the anchor's name is not one that kubectl reads",
                )
                .help("use letters, digits, `-` and `_`"),
            );
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        self.aliases = self.aliases.saturating_add(1);
        if self.aliases > ALIASES {
            return Err(self.limit(span, format!("more than {ALIASES} aliases in one file")));
        }
        let Some(anchored) = self.anchors.get(&id).cloned() else {
            self.found.push(
                Finding::new(&YAML_ALIAS, span, "the alias stands inside the value that it repeats")
                    .label("this would never end"),
            );
            return Err(Stop);
        };
        self.expand(span, anchored.size)?;
        let node = anchored.node.clone();
        let key_due = matches!(self.stack.last(), Some(Frame { kind: Open::Map { key: None, .. }, .. }));
        match anchored.scalar {
            Some(scalar) if key_due => {
                let text = node.written().unwrap_or_default();
                self.scalar_key(scalar, &text, 0, span)?;
            }
            None if key_due => {
                let message = format!("{} cannot be a key", node.kind());
                self.found.push(Finding::new(&KEY_NOT_TEXT, span, message));
                self.set_key(PendingKey::Bad);
            }
            _ => self.place(node, anchored.size),
        }
        Ok(())
    }

    /// Before an alias is replaced by what it repeats.
    fn expand(&mut self, span: Span, size: Size) -> Result<(), Stop> {
        self.expanded = self.expanded.saturating_add(size.nodes);
        let allowed = self.nodes.saturating_mul(EXPANDED_RATIO).saturating_add(EXPANDED_FREE);
        if self.expanded > allowed {
            return Err(self.limit(span, "the aliases repeat more than ten times what the file holds"));
        }
        // Aliases in anchors in aliases nest deeper than any text; what walks the tree is bounded by its depth.
        let most = self.dialect.depth();
        if self.stack.len().saturating_add(size.depth) > most {
            return Err(self.limit(span, format!("nested deeper than {most} levels by this alias")));
        }
        self.copy(span, size)
    }
}

/// The name of one of YAML's own tags: `int` of `!!int` and of `!<tag:yaml.org,2002:int>`.
fn core(tag: &Tag) -> Option<&str> {
    const CORE: &str = "tag:yaml.org,2002:";
    match tag.handle() {
        CORE => Some(tag.suffix()),
        "" => tag.suffix().strip_prefix(CORE),
        _ => None,
    }
}

/// Whether a key `<<` is a merge key: plain without a tag or with a lone `!`, or tagged so (go-yaml v2's `isMerge`).
fn is_merge(plain: bool, tag: Option<&Tag>) -> bool {
    match tag {
        None => plain,
        Some(tag) if tag.handle().is_empty() && tag.suffix() == "!" => plain,
        Some(tag) => core(tag) == Some("merge"),
    }
}

/// The key's text: as it is, or converted as Kubernetes converts it; in typed files a plain number or truth is an
/// error, for nobody who writes `on:` means `true`.
fn key_text(scalar: Scalar, text: &str, dialect: Dialect) -> Result<Cow<'static, str>, Words> {
    let what = match scalar {
        Scalar::Text => return Ok(Cow::Owned(text.to_owned())),
        Scalar::Null => return Err("a key is missing here".into()),
        _ if matches!(dialect, Dialect::Manifest | Dialect::Kustomize) => {
            return scalar.into_key(text.into()).map_err(|reason| reason.words().into());
        }
        Scalar::Bool(_) => "true or false",
        _ => "a number",
    };
    Err(format!("the key `{text}` is {what} to Kubernetes, not text").into())
}
