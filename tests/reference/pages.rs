//! The format as pages for people: a table of keys for each map, short forms and defaults in columns of their own.

use std::collections::BTreeMap;
use std::fs;

use stackc::kinds::{KINDS, Kind};
use stackc::stack::expand::{self, Long};
use stackc::stack::layers::DEFAULTS;
use stackc::stack::{Container, LayersFile, PodFile, StackFile};
use stackc::yaml::{Form, Shape, shape};

use super::docs::Docs;
use super::rows::Rows;
use crate::tools::ROOT;

const WRITTEN: &str = "<!-- written by STACKC_REWRITE=1 cargo test reference -->\n";

/// A map that is described under a heading of its own.
struct Section {
    /// Where it stands, such as `volumes.PATH.pvc`.
    place: String,
    name: &'static str,
    fields: Vec<(&'static str, Shape)>,
    rows: Rows,
}

struct Page<'a> {
    docs: &'a Docs,
    /// The file of the types that it means.
    home: String,
    /// Links to the maps that are described, by the type's name.
    known: BTreeMap<&'static str, String>,
    /// What is still to be described.
    left: Vec<Section>,
    text: String,
}

/// All pages by file name.
pub(super) fn all(docs: &Docs) -> BTreeMap<String, String> {
    let (app, known) = app(docs);
    let mut pages = BTreeMap::from([
        ("README.md".to_owned(), readme(docs)),
        ("app.md".to_owned(), app),
        ("stack.md".to_owned(), stack(docs, known.clone())),
    ]);
    for kind in KINDS.iter().filter(|kind| kind.name != "app") {
        pages.insert(format!("{}.md", kind.name), self::kind(docs, kind, known.clone()));
    }
    pages
}

/// The general app, and where its maps are described.
fn app(docs: &Docs) -> (String, BTreeMap<&'static str, String>) {
    let mut page = Page::new(docs, "stack/app", BTreeMap::new());
    page.text.push_str(
        "# apps/NAME.yaml\n\nOne app. Its name is the file's: letters a-z, digits and dashes, starting with a letter, \
         at most 52. `kind: app` takes the keys below; the other kinds ([minio](minio.md), [doh](doh.md), \
         [goproxy](goproxy.md), [proxy](proxy.md)) have keys of their own, and take these too, but for a few.\n\n\
         `kind` is required in each.\n",
    );
    let rows = Rows::new(expand::APP);
    page.heading("The container");
    page.text.push_str("\nThese may stand in each of `sidecars` and `init` as well.\n");
    page.known.insert("Container", "#the-container".to_owned());
    let (container, pod) = (shape::<Container>(), shape::<PodFile>());
    let Form::Struct(name, fields) = container.form else { panic!("no struct") };
    page.table(name, &fields, &rows, "");
    page.heading("The app");
    let Form::Struct(name, fields) = pod.form else { panic!("no struct") };
    page.table(name, &fields, &rows, "");
    page.sections("app.md");
    (page.text, page.known)
}

fn stack(docs: &Docs, known: BTreeMap<&'static str, String>) -> String {
    let mut page = Page::new(docs, "stack/cluster", known);
    page.text.push_str(
        "# stack.yaml\n\nThe cluster, and what all apps share. An include.yaml and an overlay.yaml have the same keys, any of \
         which they may leave out.\n",
    );
    let rows = Rows::new(expand::STACK);
    let Form::Struct(name, fields) = shape::<StackFile>().form else { panic!("no struct") };
    page.heading("The cluster");
    page.table(name, &fields, &rows, "");
    page.heading("Layers");
    let Form::Struct(name, fields) = shape::<LayersFile>().form else { panic!("no struct") };
    page.table(name, &fields, &Rows::new(&[]), "");
    page.text.push_str(&format!(
        "\n`defaults` takes these keys of an [app](app.md): {}. `apps` takes all keys of the app that it changes, but \
         for `kind`.\n",
        DEFAULTS.map(|key| format!("`{key}`")).join(", "),
    ));
    page.sections("stack.md");
    page.text
}

fn kind(docs: &Docs, kind: &Kind, known: BTreeMap<&'static str, String>) -> String {
    let home = format!("kinds/{}", kind.name);
    let file = format!("{}.md", kind.name);
    let mut page = Page::new(docs, &home, known);
    let about = docs.top(&home).split_once("`: ").unwrap().1;
    let (first, rest) = about.split_at(1);
    let about = format!("{}{rest}", first.to_uppercase());
    let computed: Vec<_> = kind.computes.iter().map(|key| format!("`{key}`")).collect();
    page.text.push_str(&format!(
        "# kind: {}\n\n{about}\n\nBeside these it takes the keys of any [app](app.md), but for {}. What is said there \
         lies over what the kind computes, by name.\n",
        kind.name,
        computed.join(", ")
    ));
    let Form::Struct(name, fields) = (kind.shape)().form else { panic!("no struct") };
    page.heading("Its keys");
    page.table(name, &fields, &Rows::new(kind.shorts), "");
    page.sections(&file);
    if let Ok(example) = fs::read_to_string(format!("{ROOT}/stacks/oracle/apps/{}.yaml", kind.name)) {
        page.heading("Example");
        let lines = example.lines().filter(|line| !line.starts_with("# yaml-language-server"));
        let example: String = lines.map(|line| format!("{line}\n")).collect();
        page.text.push_str(&format!("\n```yaml\n{example}```\n"));
    }
    page.text
}

fn readme(docs: &Docs) -> String {
    let mut text = format!(
        "{WRITTEN}\n# Every key\n\n\
         - [stack.yaml](stack.md): the cluster, and what all apps share; include.yaml and overlay.yaml have the same keys\n\
         - [apps/NAME.yaml](app.md): an app\n"
    );
    for kind in KINDS.iter().filter(|kind| kind.name != "app") {
        let about = docs.top(&format!("kinds/{}", kind.name)).split_once("`: ").unwrap().1;
        text.push_str(&format!("- [kind: {0}]({0}.md): {about}\n", kind.name));
    }
    text.push_str(
        "\n## How to read the tables\n\n\
         - **required** instead of a default: the key must be there, in this file or in a layer beneath or above it.\n\
         - *text* takes a plain number, truth or date as its characters; nothing (`null`, `~`) is taken nowhere, but \
         to remove what a layer beneath says.\n\
         - A map with names of your own: *by NAME*, and what each holds.\n\
         - A short form stands for a map with one key: *text for `host`, or map* means that `x` is `{host: x}`.\n\
         - `{{ NAME }}` in any text is filled: a var of stack.yaml; `stack.name`, `app.name`, `app.namespace`, \
         `nodes[N].ip`, `.publicIP`, `.arch`, `network`, `k3s`; `apps[N].host`, `.ports[P]`, `.port`, `.address`, \
         `.namespace`. A text that is one `{{ NAME }}` and no more becomes what that is: a number, a list. Not in \
         keys, `kind`, `include`, `stackc`, `k3s`, `vars`.\n\
         - `apps` is how apps find each other: `host` is `NAME.NAMESPACE.svc`, `ports[P]` the number in the Service, \
         `address` is `host:port`; `port` and `address` are there with one port only. Apps' files and mounted files \
         know it, and `middlewares` and `ingress.values` of stack.yaml; `namespace` and `ports` of an app and `engine` \
         and `port` of a kind do not. A name with a dash stands in brackets: `apps['my-auth'].host`.\n\n\
         ## In an editor\n\n\
         [docs/schema](../schema) has the same as JSON Schema, and `stackc schema stack`, `app`, `include`, `overlay` prints it. \
         An editor with yaml-language-server shows slips and completes keys, with a first line such as\n\n\
         ```yaml\n# yaml-language-server: $schema=../../docs/schema/stack.json\n```\n",
    );
    text
}

impl<'a> Page<'a> {
    fn new(docs: &'a Docs, home: &str, known: BTreeMap<&'static str, String>) -> Self {
        let text = format!("{WRITTEN}\n");
        Page { docs, home: home.to_owned(), known, left: Vec::new(), text }
    }

    fn heading(&mut self, words: &str) {
        self.text.push_str(&format!("\n## {words}\n"));
    }

    /// Describes all maps that the page named so far, and those that they name.
    fn sections(&mut self, file: &str) {
        while !self.left.is_empty() {
            let section = self.left.remove(0);
            self.heading(&section.place);
            let about = self.docs.of(section.name, &self.home).about.clone();
            self.text.push_str(&format!("\n{about}\n"));
            if let Some(long) = section.rows.here() {
                self.text.push_str(&short(long));
            }
            self.table(section.name, &section.fields, &section.rows, &section.place);
        }
        for link in self.known.values_mut().filter(|link| link.starts_with('#')) {
            *link = format!("{file}{link}");
        }
    }

    fn table(&mut self, name: &str, fields: &[(&'static str, Shape)], rows: &Rows, place: &str) {
        self.text.push_str("\n| key | takes | default | |\n|---|---|---|---|\n");
        let docs = self.docs;
        let doc = docs.of(name, &self.home);
        for (key, shape) in fields {
            let inside = if place.is_empty() { (*key).to_owned() } else { format!("{place}.{key}") };
            let takes = self.takes(shape, &rows.below(key), &inside);
            let (about, default) = parts(doc.key(key));
            let default = if shape.optional { default } else { "**required**" };
            let cells = [format!("`{key}`"), takes, default.to_owned(), about.to_owned()];
            self.text.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
        }
    }

    /// What a place takes, in words; a map that was not described yet will be.
    fn takes(&mut self, shape: &Shape, rows: &Rows, place: &str) -> String {
        let long = match &shape.form {
            Form::Any => "anything".to_owned(),
            Form::Text => "text".to_owned(),
            Form::Bool => "`true`, `false`".to_owned(),
            Form::Int(0, high) if *high == i128::from(u16::MAX) => "0 to 65535".to_owned(),
            Form::Int(..) => "whole number".to_owned(),
            Form::Words(_, words) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            }
            Form::List(item) => format!("list of {}", self.takes(item, &rows.below("*"), place)),
            Form::Map(value) if value.form == Form::Any => "map".to_owned(),
            Form::Map(value) => {
                let key = free(place);
                let value = self.takes(value, &rows.below("*"), &format!("{place}.{key}"));
                format!("by {key}: {value}")
            }
            Form::Struct(name, fields) => format!("[map]({})", self.link(name, fields, rows, place)),
            Form::Either(first, second) => {
                format!("{} or {}", self.takes(first, rows, place), self.takes(second, rows, place))
            }
        };
        let key = |key: &str| {
            let Form::Struct(_, fields) = &shape.form else { panic!("no struct") };
            fields.iter().find(|(name, _)| *name == key).unwrap().1.clone()
        };
        match rows.here() {
            None => long,
            Some(Long::Under(under)) => {
                let short = self.takes(&key(under), &rows.below(under), &format!("{place}.{under}"));
                let short = short.split(" or list").next().unwrap_or_default();
                format!("{short} for `{under}`, or {long}")
            }
            Some(Long::ListUnder(under)) => {
                let short = self.takes(&key(under), &rows.below(under), &format!("{place}.{under}"));
                format!("{short} for `{under}`, or {long}")
            }
            Some(Long::Listed) => {
                format!("{} or list", long.strip_prefix("list of ").unwrap())
            }
            Some(Long::Port) => format!("`80` or `53/UDP`, or {long}"),
            Some(Long::Spread) => format!("`node` or text for `topologyKey`, or {long}"),
            Some(Long::Inside(_)) => panic!("opened by Rows"),
        }
    }

    fn link(
        &mut self,
        name: &'static str,
        fields: &[(&'static str, Shape)],
        rows: &Rows,
        place: &str,
    ) -> String {
        if let Some(link) = self.known.get(name) {
            return link.clone();
        }
        let anchor: String = place.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
        let link = format!("#{}", anchor.to_lowercase());
        self.known.insert(name, link.clone());
        let (place, fields, rows) = (place.to_owned(), fields.to_vec(), rows.clone());
        self.left.push(Section { place, name, fields, rows });
        link
    }
}

/// The short form of a section's map, as a sentence.
fn short(long: Long) -> String {
    let words = match long {
        Long::Under(key) | Long::ListUnder(key) => format!("`x` is short for `{{{key}: x}}`"),
        Long::Port => "`80` is short for `{port: 80}`, `53/UDP` for `{port: 53, protocol: UDP}`".to_owned(),
        Long::Spread => {
            "`x` is short for `{topologyKey: x}`, `node` for the label `kubernetes.io/hostname`".to_owned()
        }
        Long::Listed | Long::Inside(_) => panic!("no map"),
    };
    format!("\n{words}.\n")
}

/// What is said of a key, and its default.
fn parts(doc: &str) -> (&str, &str) {
    match doc.split_once("Default: ") {
        Some((about, default)) => (about.trim_end(), default.trim_end_matches('.')),
        None => (doc, ""),
    }
}

/// What a map's free keys are called.
fn free(place: &str) -> &'static str {
    match place.rsplit('.').next().unwrap() {
        "volumes" => "PATH",
        "hostAliases" => "IP",
        "platforms" => "IMAGE",
        "tls" => "SECRET",
        "labels" | "requests" | "limits" | "annotations" | "selector" | "podLabels" | "podAnnotations" => {
            "KEY"
        }
        _ => "NAME",
    }
}
