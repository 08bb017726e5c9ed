//! Stacks of one cluster, held against each other: all their files lie in one folder of k3s, all their objects in one API
//! server.
//!
//! In: what `check` compiled of each stack. Out: findings, each for the later of two stacks, since a place belongs to the
//! sources of its own run; the other's place is told in words. Stacks are of one cluster where `cluster` says so: two that
//! only bear the same name may be one for production and one for a trial.
//!
//! What must hold: one stack alone is never held against itself (`check` does that, file by file and object by object).

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::File;
use crate::finding::{Code, Finding, Page, Severity};
use crate::kube::{Object, Unit};
use crate::source::{Sources, Span};
use crate::stack::Stack;

/// A file of k3s' folder that two stacks would write.
pub static FILE: Code = Code {
    name: "cluster-file-twice",
    severity: Severity::Error,
    page: Page {
        about: "Two stacks of one cluster would write the same file into k3s' folder. The last one written stays, and k3s\n\
                deletes what the other had made. A file's name is STACK-APP.",
        bad: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web-media.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # ../other/stack.yaml\nstackc: 1\nname: home-web\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # ../other/apps/media.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web-media.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # ../other/stack.yaml\nstackc: 1\nname: web\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../other/apps/media.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// An object that two stacks make.
pub static OBJECT: Code = Code {
    name: "cluster-object-twice",
    severity: Severity::Error,
    page: Page {
        about: "Two stacks of one cluster make the same object. Each apply undoes the other's, and the stack that gives\n\
                it up first deletes it for both. Let one of them make it: a namespace with `create: false` in the\n\
                others, Traefik's configuration with `ingress.owner`.",
        bad: "# stack.yaml\nstackc: 1\ncluster: house\nk3s: v1.37.1+k3s1\nnamespace: media\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # ../other/stack.yaml\nstackc: 1\ncluster: house\nk3s: v1.37.1+k3s1\nnamespace: media\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n# ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\ncluster: house\nk3s: v1.37.1+k3s1\nnamespace: media\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # ../other/stack.yaml\nstackc: 1\ncluster: house\nk3s: v1.37.1+k3s1\nnamespace: media\nnodes: {alpha: {arch: amd64}}\n\
               namespaces: {media: {create: false}}\n\
               platforms: {registry.example/web: [amd64]}\n# ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// What stacks of one cluster can find.
pub static CODES: &[&Code] = &[&FILE, &OBJECT];

/// A stack of a run.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// What it says.
    pub stack: &'a Stack,
    /// Its final objects.
    pub objects: &'a [Object],
    /// Its files.
    pub files: &'a [File],
    /// What its places lie in.
    pub sources: &'a Sources,
}

/// What is wrong between the stacks of a run, each with the index of the stack whose finding it is. A stack that could not
/// be understood is none.
pub fn check(members: &[Option<Member<'_>>]) -> Vec<(usize, Finding)> {
    let known = || members.iter().enumerate().filter_map(|(index, member)| Some((index, member.as_ref()?)));
    let said: BTreeSet<&str> =
        known().filter_map(|(_, member)| Some(member.stack.cluster.as_ref()?.value.as_str())).collect();
    let of =
        |cluster: &str| known().filter(move |(_, member)| member.stack.cluster_name() == cluster).collect();
    said.into_iter().flat_map(|cluster| held(of(cluster))).collect()
}

/// The stacks of one cluster. Two of one name would write the same files, so of them that alone is told.
fn held(members: Vec<(usize, &Member<'_>)>) -> Vec<(usize, Finding)> {
    let mut told = Vec::new();
    let mut apart: Vec<(usize, &Member<'_>)> = Vec::new();
    for (index, member) in members {
        let name = &member.stack.name;
        match apart.iter().find(|(_, other)| other.stack.name.value == name.value) {
            Some((_, other)) => {
                let message = format!("two stacks of the cluster are named `{}`", name.value);
                let finding = Finding::new(&FILE, name.span, message)
                    .note(format!("the other: {}", other.at(other.stack.name.span)))
                    .note("their files would have the same names")
                    .help("give one of them another `name`");
                told.push((index, finding));
            }
            None => apart.push((index, member)),
        }
    }
    told.extend(again(&apart, files, |file| file.0, file_told));
    told.extend(again(
        &apart,
        |member| member.objects.iter().collect(),
        |object| object.id.key(),
        object_told,
    ));
    told
}

/// What a later stack has of which an earlier one has the same.
fn again<'a, T: Copy, K: Ord>(
    members: &[(usize, &'a Member<'a>)],
    all: impl Fn(&'a Member<'a>) -> Vec<T>,
    key: impl Fn(T) -> K,
    tell: impl Fn(T, T, &Member<'_>) -> Finding,
) -> Vec<(usize, Finding)> {
    let mut seen: BTreeMap<K, (usize, &Member<'_>, T)> = BTreeMap::new();
    let mut told = Vec::new();
    for (index, member) in members {
        for one in all(member) {
            let (first, other, earlier) = seen.entry(key(one)).or_insert((*index, member, one));
            if first != index {
                told.push((*index, tell(one, *earlier, other)));
            }
        }
    }
    told
}

/// Names of files, and where each begins.
fn files<'a>(member: &'a Member<'a>) -> Vec<(&'a str, Span)> {
    let begin = |file: &File| member.objects.get(file.objects.start).map_or(member.stack.span, Object::place);
    member.files.iter().map(|file| (file.name.as_str(), begin(file))).collect()
}

fn file_told((name, span): (&str, Span), (_, first): (&str, Span), other: &Member<'_>) -> Finding {
    let message =
        format!("the stack `{}` of this cluster writes the file `{name}`, too", other.stack.name.value);
    Finding::new(&FILE, span, message)
        .note(format!("the other: {}", other.at(first)))
        .help("the name is STACK-APP: change a stack's `name` or rename an app's file")
}

fn object_told(object: &Object, first: &Object, other: &Member<'_>) -> Finding {
    let name = &other.stack.name.value;
    let way_out = match (object.id.kind.as_str(), &object.unit) {
        ("Namespace", _) => format!("namespaces: {{{}: {{create: false}}}}", object.id.name),
        (_, Unit::Traefik) => format!("ingress: {{owner: {name}}}"),
        _ => "let one of them make it".to_owned(),
    };
    Finding::new(
        &OBJECT,
        object.place(),
        format!("the stack `{name}` of this cluster makes {}, too", object.id),
    )
    .note(format!("the other: {}", other.at(first.place())))
    .help(way_out)
}

impl Member<'_> {
    /// A place as text.
    fn at(&self, span: Span) -> String {
        let place = self.sources.place(span);
        format!("{}:{}:{}", place.path, place.line, place.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit;
    use crate::finding::Findings;
    use crate::kube;
    use crate::stack;
    use crate::stack::expand::{self, expand};
    use crate::yaml::{Dialect, decode, read, read_typed};

    struct Run {
        stack: Stack,
        objects: Vec<Object>,
        files: Vec<File>,
        sources: Sources,
    }

    impl Run {
        fn member(&self) -> Member<'_> {
            let Run { stack, objects, files, sources } = self;
            Member { stack, objects, files, sources }
        }
    }

    fn run(lines: &str, manifest: &str) -> Run {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let text = format!("stackc: 1\nk3s: v1.37.1+k3s1\nnodes: {{alpha: {{arch: amd64}}}}\n{lines}\n");
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let mut tree = read_typed(&sources, file, &mut found).unwrap();
        expand(&mut tree, expand::STACK);
        let stack =
            stack::resolve(decode(&tree, &mut found).unwrap(), file.start(), "demo", &mut found).unwrap();
        let unit = Unit::Manifest(format!("{manifest}.yaml"));
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {manifest}}}\n");
        let file = sources.add(format!("manifests/{manifest}.yaml"), Ok(text.into()));
        let documents = read(&sources, file, Dialect::Manifest, &mut found);
        let objects: Vec<_> =
            documents.into_iter().flat_map(|one| kube::objects(one, &unit, "default", &mut found)).collect();
        let files = emit::files(&objects, &stack, &mut found);
        assert_eq!(found.errors(), 0);
        Run { stack, objects, files, sources }
    }

    fn told(runs: &[(&str, &str)]) -> Vec<(usize, &'static str)> {
        let runs: Vec<Run> = runs.iter().map(|(lines, manifest)| run(lines, manifest)).collect();
        let mut members: Vec<_> = runs.iter().map(|run| Some(run.member())).collect();
        members.push(None);
        check(&members).into_iter().map(|(index, finding)| (index, finding.code.name)).collect()
    }

    #[test]
    fn stacks_of_one_cluster_share_files_and_objects() {
        let (a, b) = ("name: a\ncluster: house", "name: b\ncluster: house");
        assert_eq!(told(&[(a, "web"), (b, "dns")]), []);
        assert_eq!(told(&[(a, "web"), (b, "web")]), [(1, "cluster-object-twice")]);
        assert_eq!(
            told(&[(a, "web"), (b, "dns"), ("name: c\ncluster: house", "web")]),
            [(2, "cluster-object-twice")]
        );
        assert_eq!(told(&[(a, "b-web"), ("name: a-b\ncluster: house", "web")]), [(1, "cluster-file-twice")]);
        assert_eq!(told(&[(a, "web"), (a, "dns")]), [(1, "cluster-file-twice")]);
        assert_eq!(told(&[(a, "web"), (a, "web")]), [(1, "cluster-file-twice")]);
    }

    #[test]
    fn others_are_left_alone() {
        assert_eq!(told(&[("name: a\ncluster: one", "web"), ("name: b\ncluster: two", "web")]), []);
        assert_eq!(told(&[("name: a", "web"), ("name: b", "web")]), []);
        assert_eq!(told(&[("name: a", "web"), ("name: a", "web")]), []);
    }

    #[test]
    fn a_cluster_is_named_as_its_stack_if_another_says_so() {
        let told = told(&[("name: house", "web"), ("name: b\ncluster: house", "web")]);
        assert_eq!(told, [(1, "cluster-object-twice")]);
    }
}
