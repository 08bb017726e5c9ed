//! Stacks of one cluster, held against each other: all their files lie in one folder of k3s, all their objects in one API
//! server.
//!
//! In: what `check` compiled of each stack. Out: findings, each for the later of two stacks, since a place belongs to the
//! sources of its own run; the other's place is told in words. Stacks are of one cluster where `cluster` says so: two that
//! only bear the same name may be one for production and one for a trial.
//!
//! What must hold: one stack alone is never held against itself (`check` does that, file by file and object by object),
//! nor a base against its own overlays, of which it is what they vary.

mod ground;
mod port;
mod route;

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::File;
use crate::finding::{Code, Finding, Page, Severity};
use crate::kube::{Object, Unit};
use crate::source::{FileId, Sources, Span};
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
pub static CODES: &[&Code] = &[&FILE, &OBJECT, &ground::GROUND, &port::PORT, &route::ROUTE];

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
    /// Its own file, after those of the bases that it varies.
    pub lineage: &'a [FileId],
}

/// What is wrong between the stacks of a run, each with the index of the stack whose finding it is. A stack that could not
/// be understood is none.
pub fn check(members: &[Option<Member<'_>>]) -> Vec<(usize, Finding)> {
    let known = || members.iter().enumerate().filter_map(|(index, member)| Some((index, member.as_ref()?)));
    let said: BTreeSet<&str> =
        known().filter_map(|(_, member)| Some(member.stack.cluster.as_ref()?.value.as_str())).collect();
    let of = |cluster: &str| {
        known().filter(move |(_, member)| member.stack.cluster_name() == cluster).collect::<Vec<_>>()
    };
    said.into_iter().flat_map(|cluster| apart_from_bases(&of(cluster))).collect()
}

/// Overlays among themselves and with all that has none; then bases in their place. What both tell is one finding.
fn apart_from_bases(members: &[(usize, &Member<'_>)]) -> Vec<(usize, Finding)> {
    let base = |one: &Member<'_>| members.iter().any(|(_, other)| one.is_base_of(other));
    let overlay = |one: &Member<'_>| members.iter().any(|(_, other)| other.is_base_of(one));
    let but =
        |out: &dyn Fn(&Member<'_>) -> bool| members.iter().filter(|(_, one)| !out(one)).copied().collect();
    let (overlays, bases): (Vec<_>, Vec<_>) = (but(&base), but(&overlay));
    let mut told = held(overlays.clone());
    if bases.iter().map(|(index, _)| index).ne(overlays.iter().map(|(index, _)| index)) {
        told.extend(held(bases));
    }
    told
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
    told.extend([ground::told, port::told, route::told].iter().flat_map(|told| told(&apart)));
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
    /// Whether the other is an overlay of this, or of one of its overlays.
    fn is_base_of(&self, other: &Member<'_>) -> bool {
        let path = |member: &Member<'_>, file: &FileId| member.sources.file(*file).path.clone();
        let own = self.lineage.last().map(|file| path(self, file));
        let above = other.lineage.split_last().map_or(&[][..], |(_, above)| above);
        own.is_some_and(|own| above.iter().any(|file| path(other, file) == own))
    }

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
        lineage: Vec<FileId>,
    }

    impl Run {
        fn member(&self) -> Member<'_> {
            let Run { stack, objects, files, sources, lineage } = self;
            Member { stack, objects, files, sources, lineage }
        }

        /// As an overlay of what lies at a path.
        fn over(mut self, base: &str, own: &str) -> Run {
            self.lineage = [base, own].map(|path| self.sources.add(path.into(), Ok("".into()))).to_vec();
            self
        }
    }

    fn run(lines: &str, manifest: &str) -> Run {
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {manifest}}}\n");
        run_of(lines, manifest, &text)
    }

    fn run_of(lines: &str, name: &str, manifest: &str) -> Run {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let nodes = if lines.contains("nodes:") { "" } else { "nodes: {alpha: {arch: amd64}}\n" };
        let release = if lines.contains("k3s:") { "" } else { "k3s: v1.37.1+k3s1\n" };
        let text = format!("stackc: 1\n{release}{nodes}{lines}\n");
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let root = file;
        let mut tree = read_typed(&sources, file, &mut found).unwrap();
        expand(&mut tree, expand::STACK);
        let stack =
            stack::resolve(decode(&tree, &mut found).unwrap(), file.start(), "demo", &mut found).unwrap();
        let unit = Unit::Manifest(format!("{name}.yaml"));
        let file = sources.add(format!("manifests/{name}.yaml"), Ok(manifest.into()));
        let documents = read(&sources, file, Dialect::Manifest, &mut found);
        let objects: Vec<_> =
            documents.into_iter().flat_map(|one| kube::objects(one, &unit, "default", &mut found)).collect();
        let files = emit::files(&objects, &stack, &mut found);
        assert_eq!(found.errors(), 0, "{:?}", found.sorted());
        Run { stack, objects, files, sources, lineage: vec![root] }
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

    /// `stack.yaml` is the base of two overlays.
    #[test]
    fn a_base_is_not_held_against_its_overlays() {
        let named = |name: &str, manifest: &str| run(&format!("name: {name}\ncluster: house"), manifest);
        let told = |runs: &[Run]| {
            let members: Vec<_> = runs.iter().map(|run| Some(run.member())).collect();
            check(&members).into_iter().map(|(index, finding)| (index, finding.code.name)).collect::<Vec<_>>()
        };
        let base = || named("base", "web");
        let live = |manifest: &str| named("live", manifest).over("stack.yaml", "live/overlay.yaml");
        let trial = |manifest: &str| named("trial", manifest).over("stack.yaml", "trial/overlay.yaml");
        assert_eq!(told(&[base(), live("web")]), []);
        assert_eq!(told(&[base(), live("web"), trial("other")]), []);
        assert_eq!(told(&[live("web"), base(), trial("web")]), [(2, "cluster-object-twice")]);
        let other = named("other", "web").over("elsewhere.yaml", "own.yaml");
        assert_eq!(told(&[base(), live("dns"), other]), [(2, "cluster-object-twice")]);
    }

    /// What two stacks are told of, each with these lines and this manifest.
    fn together(first: (&str, &str), second: (&str, &str)) -> Vec<String> {
        let runs = [("a", first), ("b", second)].map(|(name, (lines, manifest))| {
            run_of(&format!("name: {name}\ncluster: house\n{lines}"), name, manifest)
        });
        let members: Vec<_> = runs.iter().map(|run| Some(run.member())).collect();
        check(&members)
            .into_iter()
            .map(|(_, finding)| format!("{}: {}", finding.code.name, finding.message))
            .collect()
    }

    const THREE: &str = "nodes: {alpha: {arch: amd64}, beta: {arch: amd64}, gamma: {arch: arm64}}";

    fn service(name: &str, spec: &str) -> String {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n")
    }

    fn pod(kind: &str, name: &str, spec: &str, ports: &str) -> String {
        let spec = format!("{{{spec}containers: [{{name: c, image: x, ports: [{ports}]}}]}}");
        match kind {
            "Pod" => format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {spec}\n---\n"),
            _ => format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {spec}}}}}\n---\n"
            ),
        }
    }

    #[test]
    fn ports_of_nodes_are_taken_once() {
        let clash = |first: &str, second: &str| together((THREE, first), (THREE, second)).len();
        let balancer = |name: &str, more: &str| {
            service(name, &format!("type: LoadBalancer{more}, ports: [{{port: 53, protocol: UDP}}]"))
        };
        let host = "{containerPort: 53, hostPort: 53, protocol: UDP}";
        let on = |node: &str| format!("nodeSelector: {{kubernetes.io/hostname: {node}}}, ");
        assert_eq!(clash(&balancer("one", ""), &balancer("two", "")), 1);
        assert_eq!(clash(&balancer("one", ""), &balancer("two", ", loadBalancerClass: a.example/b")), 0);
        assert_eq!(clash(&balancer("one", ""), &balancer("two", "").replace("UDP", "TCP")), 0);
        assert_eq!(clash(&balancer("one", ""), &pod("Pod", "two", &on("beta"), host)), 1);
        assert_eq!(clash(&pod("Pod", "one", &on("alpha"), host), &pod("Pod", "two", &on("beta"), host)), 0);
        assert_eq!(
            clash(&pod("Pod", "one", &on("beta"), host), &pod("Deployment", "two", &on("beta"), host)),
            1
        );
        assert_eq!(
            clash(&pod("Pod", "one", "", host), &pod("Pod", "two", "", host)),
            0,
            "there are three nodes"
        );
        assert_eq!(clash(&pod("DaemonSet", "one", "", host), &pod("Pod", "two", "", host)), 1);
        let address = |ip: &str| host.replace("hostPort", &format!("hostIP: {ip}, hostPort"));
        assert_eq!(
            clash(
                &pod("Pod", "one", &on("beta"), &address("10.0.0.1")),
                &pod("Pod", "two", &on("beta"), &address("10.0.0.2"))
            ),
            0
        );
        let node = |name: &str| service(name, "type: NodePort, ports: [{port: 80, nodePort: 30080}]");
        assert_eq!(
            together((THREE, &node("one")), (THREE, &node("two"))),
            [
                "cluster-port-twice: Service default/two takes the port 30080/TCP, as Service default/one of the stack `a` does"
            ]
        );
        let traefik = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                       spec: {valuesContent: 'ports: {dns: {port: 5353, exposedPort: 53, expose: {default: true}, protocol: UDP}}'}\n";
        assert_eq!(clash(traefik, &balancer("two", "")), 1);
        assert_eq!(clash(&traefik.replace("default: true", "default: false"), &balancer("two", "")), 0);
    }

    #[test]
    fn hosts_and_paths_are_claimed_once() {
        let route = |name: &str, rule: &str, points: &str| {
            format!(
                "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: {name}}}\n\
                 spec: {{entryPoints: [{points}], routes: [{{match: '{rule}', kind: Rule, services: [{{name: x, port: 80}}]}}]}}\n---\n"
            )
        };
        let clash = |first: (&str, &str), second: (&str, &str)| {
            together((THREE, &route("one", first.0, first.1)), (THREE, &route("two", second.0, second.1)))
                .len()
        };
        let (a, path) = ("Host(`a.example`)", "Host(`a.example`) && PathPrefix(`/x`)");
        assert_eq!(clash((a, "websecure"), (a, "websecure")), 1);
        assert_eq!(clash((a, "websecure"), ("Host(`b.example`) || Host(`A.example`)", "websecure")), 1);
        assert_eq!(clash((a, "web"), (a, "websecure")), 0);
        assert_eq!(clash((a, ""), (a, "websecure")), 1);
        assert_eq!(clash((a, "websecure"), (path, "websecure")), 0);
        assert_eq!(clash((path, "websecure"), (path, "websecure")), 1);
        let ingress = |name: &str, path: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}}}\n\
                 spec: {{rules: [{{host: a.example, http: {{paths: [{{path: {path}, pathType: Prefix}}]}}}}]}}\n"
            )
        };
        assert_eq!(together((THREE, &ingress("one", "/")), (THREE, &ingress("two", "/"))).len(), 1);
        assert_eq!(together((THREE, &ingress("one", "/")), (THREE, &ingress("two", "/z"))).len(), 0);
    }

    #[test]
    fn one_cluster_is_one() {
        let says = |lines: &str| {
            together((&format!("{THREE}\nnetwork: {{nodeCIDR: 10.0.0.0/24}}"), ""), (lines, "")).len()
        };
        assert_eq!(says(THREE), 0);
        assert_eq!(says("nodes: {alpha: {arch: amd64}, delta: {arch: arm64}}"), 0, "a stack may name some");
        assert_eq!(says("nodes: {alpha: {arch: arm64}}"), 1);
        assert_eq!(says(&format!("{THREE}\nnetwork: {{serviceCIDR: 10.44.0.0/16}}")), 1);
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [traefik]}";
        assert_eq!(says(&format!("{THREE}\n{disabled}")), 1);
        assert_eq!(together((disabled, ""), (disabled, "")).len(), 0);
        let at = |ip: &str| format!("nodes: {{alpha: {{arch: amd64, ip: [{ip}]}}}}");
        assert_eq!(together((&at("10.0.0.1"), ""), (&at("10.0.0.2"), "")).len(), 1);
        assert_eq!(together((&at("10.0.0.1"), ""), (&at("10.0.0.1, 192.0.2.1"), "")).len(), 0);
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
