//! A rule as the cases in which it holds, to compare two of them.

use super::{Atom, Dialect, Rule};

/// The cases in which a rule holds; it holds in no other.
#[derive(Debug)]
pub struct Cases<'a>(Vec<Vec<Literal<'a>>>);

/// A question, and the answer that is wanted.
#[derive(Clone, Debug)]
struct Literal<'a> {
    atom: Atom<'a>,
    wanted: bool,
}

/// More cases than a rule of people has; joining several `||` by `&&` multiplies them.
const MOST: usize = 64;

impl<'a> Cases<'a> {
    /// All cases that can be; none where there are too many to compare.
    pub fn of(rule: &Rule<'a>, dialect: Dialect) -> Option<Cases<'a>> {
        let mut cases = cases(rule, true, dialect)?;
        cases.retain(|case| !is_contradictory(case));
        Some(Cases(cases))
    }

    /// Whether no request meets the rule.
    pub fn never(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this surely holds for every request for which the other holds.
    pub fn covers(&self, other: &Cases<'a>) -> bool {
        !other.never()
            && other.0.iter().all(|case| self.0.iter().any(|own| own.iter().all(|one| one.follows(case))))
    }

    /// The hosts, at least one of which is asked for; none where a request may do without.
    pub fn hosts(&self) -> Option<Vec<&str>> {
        let host = |case: &'_ Vec<Literal<'a>>| {
            case.iter().position(|one| one.wanted && matches!(one.atom, Atom::Host(_)))
        };
        self.0
            .iter()
            .map(|case| match &case.get(host(case)?)?.atom {
                Atom::Host(host) => Some(&**host),
                _ => None,
            })
            .collect()
    }
}

impl Literal<'_> {
    /// Whether it holds wherever the case does.
    fn follows(&self, case: &[Literal<'_>]) -> bool {
        if self.wanted {
            return matches!(self.atom, Atom::Always)
                || case.iter().any(|one| one.wanted && one.atom.implies(&self.atom));
        }
        case.iter().any(
            |one| {
                if one.wanted { one.atom.excludes(&self.atom) } else { self.atom.implies(&one.atom) }
            },
        )
    }
}

fn is_contradictory(case: &[Literal<'_>]) -> bool {
    let contradicts = |one: &Literal<'_>, other: &Literal<'_>| {
        one.wanted
            && if other.wanted { one.atom.excludes(&other.atom) } else { one.atom.implies(&other.atom) }
    };
    case.iter().any(|one| case.iter().any(|other| contradicts(one, other)))
        || case.iter().any(|one| !one.wanted && matches!(one.atom, Atom::Always))
}

/// The cases in which a rule has this answer.
fn cases<'a>(rule: &Rule<'a>, wanted: bool, dialect: Dialect) -> Option<Vec<Vec<Literal<'a>>>> {
    match rule {
        Rule::Not(part) => cases(part, !wanted, dialect),
        Rule::One(matcher) => {
            let literals = Atom::of(matcher, dialect).into_iter().map(|atom| Literal { atom, wanted });
            Some(if wanted { literals.map(|one| vec![one]).collect() } else { vec![literals.collect()] })
        }
        Rule::All(parts) | Rule::Any(parts) => {
            let parts = parts.iter().map(|part| cases(part, wanted, dialect));
            if matches!(rule, Rule::Any(_)) == wanted {
                let all: Vec<_> = parts.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
                return (all.len() <= MOST).then_some(all);
            }
            parts.into_iter().try_fold(vec![Vec::new()], |before, next| product(&before, &next?))
        }
    }
}

/// Each of one side with each of the other.
fn product<'a>(left: &[Vec<Literal<'a>>], right: &[Vec<Literal<'a>>]) -> Option<Vec<Vec<Literal<'a>>>> {
    if left.len().saturating_mul(right.len()) > MOST {
        return None;
    }
    let join = |one: &Vec<Literal<'a>>, other: &Vec<Literal<'a>>| one.iter().chain(other).cloned().collect();
    Some(left.iter().flat_map(|one| right.iter().map(move |other| join(one, other))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_lite::Regex;

    use super::*;
    use crate::traefik::{Matcher, Wire, read};

    const HOSTS: [&str; 6] =
        ["a.org", "b.org", "x.a.org", "y.a.org", "x.y.a.org", "long-name-of-a-host.example.org"];
    const PATHS: [&str; 6] = ["/", "/a", "/ab", "/a/b", "/b", "/b/c/d.html"];
    const METHODS: [&str; 3] = ["GET", "POST", "PUT"];
    const ADDRESSES: [&str; 3] = ["10.0.0.1", "10.1.0.1", "192.168.0.1"];

    #[derive(Clone, Copy, Debug)]
    struct Request {
        host: &'static str,
        path: &'static str,
        method: &'static str,
        address: &'static str,
        header: bool,
    }

    /// What Traefik's documentation says, word for word and with no thought of comparing.
    fn meets(request: Request, rule: &Rule<'_>, traefik: u16) -> bool {
        match rule {
            Rule::All(parts) => parts.iter().all(|part| meets(request, part, traefik)),
            Rule::Any(parts) => parts.iter().any(|part| meets(request, part, traefik)),
            Rule::Not(part) => !meets(request, part, traefik),
            Rule::One(matcher) => matches(request, matcher, traefik),
        }
    }

    fn matches(request: Request, matcher: &Matcher<'_>, traefik: u16) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| matcher.values.iter().any(|value| test(value));
        let finds = |text: &str, pattern: &str| Regex::new(pattern).unwrap().is_match(text);
        match matcher.name {
            "Host" => any(&|value| match value.strip_prefix('*') {
                Some(end) => request.host.strip_suffix(end).is_some_and(|label| !label.contains('.')),
                None => value.eq_ignore_ascii_case(request.host),
            }),
            "HostRegexp" if traefik < 3 => any(&|value| {
                let pattern =
                    value.replace('.', "\\.").replace("{n:[a-z]+}", "[a-z]+").replace("{n}", "[^.]+");
                finds(request.host, &format!("^{pattern}$"))
            }),
            "HostRegexp" => any(&|value| finds(request.host, value)),
            "Path" => any(&|value| request.path == value),
            "PathPrefix" => any(&|value| request.path.starts_with(value)),
            "PathRegexp" => any(&|value| finds(request.path, value)),
            "Method" => any(&|value| value.eq_ignore_ascii_case(request.method)),
            "ClientIP" => any(&|value| match value.strip_suffix("/8") {
                Some(range) => request.address.split('.').next() == range.split('.').next(),
                None => request.address == value,
            }),
            "Header" | "Headers" => request.header,
            other => panic!("{other}"),
        }
    }

    fn one(traefik: u16) -> impl Strategy<Value = String> {
        let of = |name: &'static str, values: &'static [&'static str]| {
            prop::sample::select(values).prop_map(move |value| format!("{name}(`{value}`)"))
        };
        let hosts: &[&str] = if traefik > 2 {
            &["a.org", "B.org", "x.a.org", "long-name-of-a-host.example.org", "*.a.org"]
        } else {
            &["a.org", "B.org", "x.a.org", "a.org`, `b.org", "long-name-of-a-host.example.org"]
        };
        let like: &[&str] = if traefik > 2 {
            &[".+", "^[^.]+\\.a\\.org$", "a", "^[xy]\\.a\\.org$", "example"]
        } else {
            &["{n:[a-z]+}.a.org", "{n}.a.org", "{n}.{n}.a.org"]
        };
        let (header, path) = if traefik > 2 { ("Header", "PathRegexp") } else { ("Headers", "Path") };
        prop_oneof![
            3 => of("Host", hosts),
            2 => of("HostRegexp", like),
            2 => of("Path", &PATHS),
            2 => of("PathPrefix", &["/", "/a", "/a/", "/b"]),
            1 => of(path, &["/b", "/a"]),
            1 => of("Method", &["get", "POST"]),
            1 => of("ClientIP", &["10.0.0.0/8", "10.0.0.1", "192.168.0.1"]),
            1 => Just(format!("{header}(`A`, `b`)")),
        ]
    }

    fn any_rule(traefik: u16) -> impl Strategy<Value = String> {
        one(traefik).prop_recursive(3, 8, 3, |part| {
            prop_oneof![
                prop::collection::vec(part.clone(), 2..4)
                    .prop_map(|parts| format!("({})", parts.join(" && "))),
                prop::collection::vec(part.clone(), 2..4)
                    .prop_map(|parts| format!("({})", parts.join(" || "))),
                part.prop_map(|part| format!("!({part})")),
            ]
        })
    }

    fn every_request() -> Vec<Request> {
        let mut all = Vec::new();
        for host in HOSTS {
            for path in PATHS {
                for method in METHODS {
                    for address in ADDRESSES {
                        all.extend([true, false].map(|header| Request {
                            host,
                            path,
                            method,
                            address,
                            header,
                        }));
                    }
                }
            }
        }
        all
    }

    fn covers(one: &str, other: &str, traefik: u16) -> bool {
        let dialect = Dialect { traefik, wildcards: traefik > 2 };
        let rules = [one, other].map(|rule| read(rule, Wire::Http, traefik).unwrap());
        let [Some(one), Some(other)] = rules.each_ref().map(|rule| Cases::of(rule, dialect)) else {
            return false;
        };
        one.covers(&other)
    }

    fn is_sound(one: &str, other: &str, traefik: u16) {
        let [first, second] = [one, other].map(|rule| read(rule, Wire::Http, traefik).unwrap());
        let dialect = Dialect { traefik, wildcards: traefik > 2 };
        let (claimed, never) =
            (covers(one, other, traefik), Cases::of(&first, dialect).is_some_and(|cases| cases.never()));
        for request in every_request() {
            if claimed && meets(request, &second, traefik) {
                assert!(meets(request, &first, traefik), "{one} does not cover {other}: {request:?}");
            }
            assert!(!(never && meets(request, &first, traefik)), "{one}: {request:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_claimed_to_be_covered_is(one in any_rule(3), other in any_rule(3)) {
            is_sound(&one, &other, 3);
        }

        #[test]
        fn in_the_old_syntax_as_well(one in any_rule(2), other in any_rule(2)) {
            is_sound(&one, &other, 2);
        }

        #[test]
        fn a_rule_covers_itself_with_more(one in any_rule(3), more in one(3)) {
            let dialect = Dialect { traefik: 3, wildcards: true };
            let text = format!("{one} && {more}");
            let narrow = read(&text, Wire::Http, 3).unwrap();
            let narrow = Cases::of(&narrow, dialect);
            if narrow.is_some_and(|cases| !cases.never()) {
                prop_assert!(covers(&one, &text, 3), "{} covers {}", one, text);
            }
        }
    }

    /// Every pair of a few hundred rules, so that no claim hides behind chance.
    #[test]
    fn every_claim_about_short_rules_holds() {
        let dialect = Dialect { traefik: 3, wildcards: true };
        let atoms = [
            "Host(`a.org`)",
            "Host(`x.a.org`)",
            "Host(`*.a.org`)",
            "HostRegexp(`^[^.]+\\.a\\.org$`)",
            "HostRegexp(`.+`)",
            "Path(`/a`)",
            "Path(`/a/b`)",
            "PathPrefix(`/`)",
            "PathPrefix(`/a`)",
            "PathPrefix(`/b`)",
            "PathRegexp(`^/b/c`)",
        ];
        let mut rules: Vec<String> = atoms.map(str::to_owned).to_vec();
        rules.extend(atoms.map(|one| format!("!{one}")));
        for one in atoms {
            for other in atoms {
                rules.extend([
                    format!("{one} && {other}"),
                    format!("{one} || {other}"),
                    format!("{one} && !{other}"),
                ]);
            }
        }
        let requests: Vec<Request> = every_request()
            .into_iter()
            .filter(|one| (one.method, one.address, one.header) == ("GET", "10.0.0.1", true))
            .collect();
        let known: Vec<(Cases<'_>, Vec<bool>)> = rules
            .iter()
            .map(|text| {
                let rule = read(text, Wire::Http, 3).unwrap();
                let truth = requests.iter().map(|request| meets(*request, &rule, 3)).collect();
                (Cases::of(&rule, dialect).unwrap(), truth)
            })
            .collect();
        let mut claims = 0;
        for ((own, mine), one) in known.iter().zip(&rules) {
            assert!(!own.never() || mine.iter().all(|met| !met), "{one}");
            for ((other, theirs), two) in known.iter().zip(&rules) {
                if own.covers(other) {
                    claims += 1;
                    assert!(
                        theirs.iter().zip(mine).all(|(theirs, mine)| !theirs || *mine),
                        "{one} covers {two}"
                    );
                }
            }
        }
        assert!(claims > 20_000, "{claims} claims");
    }

    #[test]
    fn pairs_of_rules() {
        for (one, other, wanted) in [
            ("Host(`a.org`)", "Host(`A.org.`) && Path(`/a`)", true),
            ("Host(`a.org`) && PathPrefix(`/`)", "Host(`a.org`)", true),
            ("Host(`a.org`) && PathPrefix(`/a`)", "Host(`a.org`) && Path(`/ab`)", true),
            ("Host(`a.org`) && PathPrefix(`/a/`)", "Host(`a.org`) && PathPrefix(`/a`)", false),
            ("HostRegexp(`^.+\\.a\\.org$`)", "Host(`x.a.org`)", true),
            ("HostRegexp(`^.+\\.a\\.org$`)", "Host(`a.org`)", false),
            ("Host(`*.a.org`)", "Host(`x.a.org`)", true),
            ("Host(`*.a.org`)", "Host(`x.y.a.org`)", false),
            ("Host(`a.org`) && !PathPrefix(`/api`)", "Host(`a.org`) && Path(`/x`)", true),
            ("Host(`a.org`) && !PathPrefix(`/api`)", "Host(`a.org`) && Path(`/api/x`)", false),
            ("!Path(`/api/x`)", "!PathPrefix(`/api`)", true),
            ("Host(`a.org`) || Host(`b.org`)", "Host(`b.org`)", true),
            ("Host(`a.org`)", "Host(`a.org`) || Host(`b.org`)", false),
            ("ClientIP(`10.0.0.0/8`)", "ClientIP(`10.1.0.0/16`)", true),
            ("Host(`b.org`)", "Host(`a.org`) && Host(`b.org`) && Path(`/`)", false),
        ] {
            assert_eq!(covers(one, other, 3), wanted, "{one} | {other}");
        }
        assert!(covers("HostRegexp(`{n:.+}.a.org`)", "Host(`x.a.org`)", 2));
        assert!(covers("Host(`a`, `b`) || Path(`/{x}`)", "Path(`/{x}`)", 2));
        let rules = ["(Host(`a`) || Host(`b`))"; 12].join(" && ");
        assert!(!covers(&rules, &rules, 3), "too many to compare");
    }
}
