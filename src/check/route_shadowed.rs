//! Routes that get no request, since another one takes all of them, and routes that share theirs by chance.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::Facts;
use super::route::{Priority, Route, answer, connections};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::traefik::Cases;

/// A route that another one stands before.
pub static CODE: Code = Code {
    name: "route-shadowed",
    severity: Severity::Error,
    page: Page {
        about: "Traefik asks its routes by priority, which is the length of the rule unless it is written, and the first\n\
                that matches answers. This route gets no request that an earlier one would not take; or two of one\n\
                priority claim the same requests, and which of them answers may change with each restart.\n\
                Only what surely holds is told, for Ingress and IngressRoute together, on the same entry point.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080, admin: 8081}\n\
              routes:\n  web: {host: www.example.org, port: http}\n  admin: {host: www.example.org, port: admin}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080, admin: 8081}\n\
               routes:\n  web: {host: www.example.org, port: http}\n\
               \x20 admin: {host: www.example.org, pathPrefix: /admin, port: admin}\n",
    },
};

/// More routes that one is held against than any host has. What lies beyond is not told.
const MOST: usize = 500;

/// Entry points redirect with this priority unless told otherwise.
const REDIRECT: i64 = 2_147_483_646;

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let routes = &facts.routes;
    let index = Index::of(routes);
    let takers = takers(facts);
    for (at, route) in routes.iter().enumerate() {
        if let Some(finding) = index.shadow(at, &takers) {
            found.push(finding.maybe_help(way_out(route)));
        }
    }
    streams(facts, found);
}

/// Who takes all that comes in some way, whatever the rules of routes.
type Takers<'a> = Vec<((&'a str, bool), Option<Span>, &'static str)>;

fn takers<'a>(facts: &Facts<'a>) -> Takers<'a> {
    let traefik = &facts.served;
    let redirects = traefik.mentions("entrypoints.web.http.redirections")
        && !traefik.mentions("redirections.entrypoint.priority");
    let redirect = redirects.then_some((("web", false), None, "the redirect to https"));
    let all = connections(facts).into_iter().filter(|route| route.text == "HostSNI(`*`)");
    let plain = all.flat_map(|route| {
        let ways = route.ways.into_iter().filter(|(_, tls)| !tls);
        ways.map(move |way| (way, Some(route.at), "a TCP route for all that is not TLS"))
    });
    plain.chain(redirect).collect()
}

/// Routes by the hosts that they ask for.
struct Index<'f, 'a> {
    routes: &'f [Route<'a>],
    cases: Vec<Option<Cases<'a>>>,
    hosts: BTreeMap<String, Vec<usize>>,
    /// Those that may match any host.
    any: Vec<usize>,
}

impl<'f, 'a> Index<'f, 'a> {
    fn of(routes: &'f [Route<'a>]) -> Self {
        let read = |route: &Route<'a>| Cases::of(route.rule.as_ref().ok()?, route.dialect);
        let cases: Vec<Option<Cases<'a>>> = routes.iter().map(read).collect();
        let (mut hosts, mut any) = (BTreeMap::<String, Vec<usize>>::new(), Vec::new());
        for (at, cases) in cases.iter().enumerate() {
            match cases.as_ref().map(Cases::hosts) {
                Some(Some(own)) => {
                    own.into_iter().for_each(|host| hosts.entry(host.to_owned()).or_default().push(at));
                }
                Some(None) => any.push(at),
                None => {}
            }
        }
        Index { routes, cases, hosts, any }
    }

    /// Those that may stand before a route.
    fn candidates(&self, cases: &Cases<'a>) -> impl Iterator<Item = usize> + '_ {
        let host = cases.hosts().and_then(|hosts| self.hosts.get(*hosts.first()?));
        self.any.iter().chain(host.into_iter().flatten()).copied().take(MOST)
    }

    fn shadow(&self, at: usize, takers: &Takers<'_>) -> Option<Finding> {
        let route = self.routes.get(at)?;
        let cases = self.cases.get(at)?.as_ref()?;
        let own = OnceCell::new();
        let mut left = route.ways.clone();
        let mut before = None;
        for candidate in self.candidates(cases) {
            let Some(other) = self.routes.get(candidate).filter(|_| candidate != at) else { continue };
            let rank = rank(route.priority, other.priority);
            let shared = other.ways.iter().any(|way| left.contains(way));
            let other_cases = self.cases.get(candidate).and_then(Option::as_ref);
            if rank == Rank::Unknown || !shared || !other_cases.is_some_and(|other| other.covers(cases)) {
                continue;
            }
            if answer(other).is_some_and(|theirs| own.get_or_init(|| answer(route)).as_ref() == Some(&theirs)) {
                continue;
            }
            if rank == Rank::Same {
                let mutual = other_cases.is_some_and(|other| cases.covers(other));
                if !mutual || candidate < at {
                    return Some(by_chance(route, other));
                }
                continue;
            }
            left.retain(|way| !other.ways.contains(way));
            before.get_or_insert(other);
        }
        let taker = takers.iter().find(|(way, ..)| left.contains(way));
        if route.priority.least <= REDIRECT {
            left.retain(|way| !takers.iter().any(|(taken, ..)| taken == way));
        }
        match (before, taker) {
            _ if !left.is_empty() || route.ways.is_empty() => None,
            (Some(other), _) => Some(shadowed(route, other)),
            (None, Some((way, span, what))) => Some(taken(route, way.0, *span, what)),
            (None, None) => None,
        }
    }
}

/// Whether another route is asked before.
#[derive(PartialEq, Eq)]
enum Rank {
    Before,
    Same,
    Unknown,
}

fn rank(own: Priority<'_>, other: Priority<'_>) -> Rank {
    if other.least > own.most {
        Rank::Before
    } else if (own.least, own.most) == (other.least, other.most) && own.least == own.most {
        Rank::Same
    } else {
        Rank::Unknown
    }
}

fn by_chance(route: &Route<'_>, other: &Route<'_>) -> Finding {
    let shared = route.ways.iter().find(|way| other.ways.contains(way)).map_or("", |way| way.0);
    let place = if shared.is_empty() { String::new() } else { format!(" at `{shared}`") };
    Finding::new(
        &CODE,
        route.at,
        format!("two routes of one priority claim `{}`{place}: which of them answers is chance", route.text),
    )
    .label(format!("of {}", route.object.id))
    .also(other.at, format!("of {}", other.object.id))
}

fn shadowed(route: &Route<'_>, other: &Route<'_>) -> Finding {
    let finding = Finding::new(
        &CODE,
        route.at,
        format!("`{}` gets no request: a route of a higher priority takes all of them", route.text),
    );
    let (high, low) = (other.priority.least, route.priority.most);
    // Who writes a priority may mean it, as for a page that says that the site is closed.
    let finding = if other.priority.written.is_some() { finding.weighs(Severity::Warning) } else { finding };
    let same = if route.text == other.text { String::new() } else { format!("`{}` of ", other.text) };
    finding.label(format!("priority {low}")).also(
        other.priority.written.map_or(other.at, |own| own.span),
        format!("{same}{}: priority {high}", other.object.id),
    )
}

fn taken(route: &Route<'_>, point: &str, span: Option<Span>, what: &str) -> Finding {
    let message = format!("`{}` gets no request: {what} takes all of `{point}`", route.text);
    let finding = Finding::new(&CODE, route.at, message);
    match span {
        Some(span) => finding.also(span, "this one"),
        None => finding.note("an entry point that redirects does so before it looks for a route"),
    }
}

fn way_out(route: &Route<'_>) -> Option<String> {
    let line = match route.object.id.kind.as_str() {
        "Ingress" => "its annotation traefik.ingress.kubernetes.io/router.priority",
        _ => "its `priority`",
    };
    Some(format!("change the host or the path of one of them, or {line}"))
}

/// TCP and UDP routes of one entry point, which only share by chance.
fn streams(facts: &Facts<'_>, found: &mut Findings) {
    let routes = connections(facts);
    let index = Index::of(&routes);
    for (at, _) in routes.iter().enumerate() {
        if let Some(finding) = index.shadow(at, &Vec::new()) {
            found.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn messages(lines: &str, manifest: &str) -> Vec<String> {
        told(super::run, lines, manifest)
    }

    /// An IngressRoute: its name, entry points, and rules with what else stands in their maps.
    fn route(name: &str, points: &str, rules: &[(&str, &str)]) -> String {
        let rules = rules.iter().map(|(rule, more)| format!("  - {{match: \"{rule}\", kind: Rule{more}}}\n"));
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: {name}}}\nspec:\n  entryPoints: [{points}]\n  \
             routes:\n{}---\n",
            rules.collect::<String>()
        )
    }

    fn to(service: &str) -> String {
        format!(", services: [{{name: {service}, port: 80}}]")
    }

    fn ingress(name: &str, more: &str, host: &str, path: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}{more}}}\nspec:\n  rules:\n  - host: \
             '{host}'\n    http: {{paths: [{{path: '{path}', pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: \
             80}}}}}}}}]}}\n---\n"
        )
    }

    #[test]
    fn two_routes_that_claim_the_same() {
        let (a, b) = (to("a"), to("b"));
        let same = route("one", "web", &[("Host(`a.org`)", &a), ("Host(`A.org`)", &b)]);
        assert_eq!(
            messages("", &same),
            ["\"Host(`A.org`)\": two routes of one priority claim `Host(`A.org`)` at `web`: which of them answers is chance"]
        );
        let apart = route("one", "web", &[("Host(`a.org`)", &a)]) + &route("two", "websecure", &[("Host(`a.org`)", &b)]);
        assert_eq!(messages("", &apart), [""; 0], "they never meet");
        let twins = route("one", "web", &[("Host(`a.org`)", &a)]) + &route("two", "web", &[("Host(`a.org`)", &a)]);
        assert_eq!(messages("", &twins), [""; 0], "both lead to one Service");
        let both = route("one", "web, websecure", &[("Host(`a.org`) && PathPrefix(`/`)", &a)])
            + &ingress("b", "", "a.org", "/");
        assert_eq!(messages("", &both).len(), 1, "an Ingress listens everywhere");
        let other = ingress("b", ", annotations: {kubernetes.io/ingress.class: nginx}", "a.org", "/");
        assert_eq!(messages("", &(both.replace("kind: Ingress\n", "kind: Other\n") + &other)), [""; 0]);
    }

    #[test]
    fn a_route_behind_another() {
        let (a, b) = (to("a"), to("b"));
        let tell = |one: &str, more: &str, other: &str| {
            let more = format!("{b}{more}");
            messages("", &route("x", "websecure", &[(one, &a), (other, &more)])).len()
        };
        assert_eq!(tell("Host(`a.org`)", "", "Host(`a.org`) && Path(`/b`)"), 0, "the longer rule comes first");
        assert_eq!(tell("Host(`a.org`) && Path(`/b`)", ", priority: 90", "Host(`a.org`)"), 1);
        assert_eq!(tell("Host(`a.org`) && Path(`/b`)", ", priority: 9", "Host(`a.org`)"), 0);
        assert_eq!(tell("Host(`a.org`)", "", "HostRegexp(`^.+[.]?org$`)"), 1, "a long pattern before a short host");
        assert_eq!(tell("Host(`a.org`)", ", priority: 1", "HostRegexp(`^.+[.]?org$`)"), 0);
        assert_eq!(tell("Host(`a.org`) && Path(`/x`)", "", "Host(`a.org`) && !PathPrefix(`/api`)"), 1);
    }

    #[test]
    fn each_way_in_counts() {
        let (a, b) = (to("a"), to("b"));
        let high = format!("{b}, priority: 99");
        let half = route("one", "web, websecure", &[("Host(`a.org`)", &a)]) + &route("two", "web", &[("Host(`a.org`)", &high)]);
        assert_eq!(messages("", &half), [""; 0]);
        let whole = half.clone() + &route("three", "websecure", &[("Host(`a.org`)", &high.replace('b', "c"))]);
        assert_eq!(messages("", &whole).len(), 1);
        let tls = route("four", "web", &[("Host(`a.org`)", &a)]).replace("  routes", "  tls: {}\n  routes");
        assert_eq!(messages("", &(tls + &route("two", "web", &[("Host(`a.org`)", &high)]))), [""; 0]);
    }

    #[test]
    fn what_takes_all_of_an_entry_point() {
        let plain = route("one", "web", &[("Host(`a.org`)", &to("a"))]);
        let redirect = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                        spec: {valuesContent: \"additionalArguments: ['--entryPoints.web.http.redirections.entryPoint.to=:443']\"}\n---\n";
        assert_eq!(
            messages("", &(plain.clone() + redirect)),
            ["\"Host(`a.org`)\": `Host(`a.org`)` gets no request: the redirect to https takes all of `web`"]
        );
        let both = plain.replace("[web]", "[web, websecure]");
        assert_eq!(messages("", &(both + redirect)), [""; 0]);
        let tcp = "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: all}\nspec: {entryPoints: [web], routes: \
                   [{match: HostSNI(`*`), services: [{name: t, port: 1}]}]}\n---\n";
        assert_eq!(messages("", &(plain.clone() + tcp)).len(), 1);
        assert_eq!(messages("", &(plain + &tcp.replace("[web]", "[ssh]"))), [""; 0]);
    }

    #[test]
    fn streams_share_no_entry_point() {
        let stream = |kind: &str, name: &str, points: &str, rule: &str| {
            format!(
                "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute{kind}\nmetadata: {{name: {name}}}\nspec: {{entryPoints: [{points}], \
                 routes: [{{{rule}services: [{{name: {name}, port: 1}}]}}]}}\n---\n"
            )
        };
        let all = "match: HostSNI(`*`), ";
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "ssh", all))).len(), 1);
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "git", all))), [""; 0]);
        let named = "match: HostSNI(`a.org`), ";
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "ssh", named))), [""; 0]);
        assert_eq!(messages("", &(stream("UDP", "a", "dns", "") + &stream("UDP", "b", "dns", ""))).len(), 1);
    }

    #[test]
    fn another_traefik_has_rules_of_its_own() {
        let same = route("one", "web", &[("Host(`a.org`)", &to("a")), ("Host(`a.org`)", &to("b"))]);
        assert_eq!(messages("k3s: {version: v1.37.1+k3s1, disable: [traefik]}", &same), [""; 0]);
    }

    #[test]
    fn an_ingress_for_all_hosts_of_a_domain() {
        let wide = ingress("wide", "", "*.a.org", "/");
        let one = ingress("one", "", "x.a.org", "/");
        assert_eq!(messages("", &(wide.clone() + &one)), [""; 0], "which rule is longer depends on Traefik's version");
        let high = wide.replace("{name: wide}", "{name: wide, annotations: {traefik.ingress.kubernetes.io/router.priority: '500'}}");
        assert_eq!(messages("", &(high + &one)).len(), 1);
    }
}
