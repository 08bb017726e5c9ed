//! What a pod asks of its node, as the scheduler counts it (`component-helpers/resource`).

use crate::kube::{Pod, Quantity, Role};
use crate::source::Span;
use crate::yaml::Node;

/// What is counted, in the order of all amounts: cpu in thousandths, memory in bytes.
pub const COUNTED: [&str; 2] = ["cpu", "memory"];

/// An amount that is asked for, and where most of it is written.
#[derive(Clone, Copy, Default, Debug)]
pub struct Ask {
    /// Thousandths of a cpu, or bytes.
    pub amount: u64,
    /// None where nothing is asked for.
    pub span: Option<Span>,
}

impl Ask {
    fn add(&mut self, other: Ask) {
        if other.amount == 0 {
            return;
        }
        // The place of the larger part is the one to look at.
        if other.amount > self.amount || self.span.is_none() {
            self.span = other.span;
        }
        self.amount = self.amount.saturating_add(other.amount);
    }
}

/// An amount of what is counted, as people write it: `1500m`, `2`, `1.5Gi`, `300Mi`.
pub fn amount(counted: usize, amount: u64) -> String {
    let unit = if counted == 0 { [(1_000, ""), (1, "m")] } else { [(1 << 30, "Gi"), (1 << 20, "Mi")] };
    let [(large, name), (small, small_name)] = unit;
    let whole = |unit: u64| amount.checked_div(unit).unwrap_or_default();
    match amount.checked_rem(large) {
        Some(0) => format!("{}{name}", whole(large)),
        Some(rest) if counted == 1 && rest.saturating_mul(2) == large => format!("{}.5{name}", whole(large)),
        _ => format!("{}{small_name}", amount.div_ceil(small)),
    }
}

impl Pod<'_> {
    /// What it asks for, in the order of [`COUNTED`]: all containers at once, or more where an init container wants more.
    /// Without a request, Kubernetes takes the limit for it. What cannot be read, what a LimitRange adds, and resources of
    /// the pod as a whole do not count: it asks for no less than this.
    pub fn requests(&self) -> [Ask; 2] {
        let (mut lasting, mut largest) = ([Ask::default(); 2], [Ask::default(); 2]);
        for container in self.containers() {
            let Some(resources) = container.node.get("resources") else { continue };
            let amounts = asked(resources).into_iter().zip(lasting.iter_mut().zip(&mut largest));
            for (ask, (lasting, largest)) in amounts {
                if container.is_lasting() {
                    lasting.add(ask);
                } else if container.role == Role::Init {
                    let mut beside = *lasting;
                    beside.add(ask);
                    *largest = if beside.amount > largest.amount { beside } else { *largest };
                }
            }
        }
        let more =
            |(lasting, largest): (Ask, Ask)| if largest.amount > lasting.amount { largest } else { lasting };
        let [cpu, memory] = lasting;
        let [first_cpu, first_memory] = largest;
        [more((cpu, first_cpu)), more((memory, first_memory))]
    }
}

/// What a container's resources ask for.
fn asked(resources: &Node) -> [Ask; 2] {
    let (requests, limits) = (resources.get("requests"), resources.get("limits"));
    [0, 1].map(|counted| {
        let name = COUNTED.get(counted).copied().unwrap_or_default();
        let given = requests.and_then(|part| part.get(name)).or_else(|| limits?.get(name));
        given.and_then(|node| ask(node, counted)).unwrap_or_default()
    })
}

fn ask(node: &Node, counted: usize) -> Option<Ask> {
    let amount = Quantity::parse(&node.written()?).ok()?.counted(counted);
    (amount > 0).then_some(Ask { amount, span: Some(node.span) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kube::tree::object;

    fn asks(spec: &Value) -> [u64; 2] {
        let object = object("v1", "Pod", spec);
        Pod::of(&object).unwrap().requests().map(|ask| ask.amount)
    }

    fn container(cpu: &str, memory: &str) -> Value {
        json!({"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}})
    }

    #[test]
    fn containers_run_together_and_init_containers_before() {
        const MI: u64 = 1 << 20;
        let pod =
            |init: Vec<Value>, main: Vec<Value>| asks(&json!({"initContainers": init, "containers": main}));
        let sidecar = |cpu: &str, memory: &str| {
            let mut sidecar = container(cpu, memory);
            sidecar["restartPolicy"] = json!("Always");
            sidecar
        };
        assert_eq!(pod(vec![], vec![container("100m", "1Mi"), container("2", "2Mi")]), [2_100, 3 * MI]);
        assert_eq!(pod(vec![container("3", "1Mi")], vec![container("1", "2Mi")]), [3_000, 2 * MI]);
        assert_eq!(pod(vec![sidecar("1", "1Mi")], vec![container("1", "2Mi")]), [2_000, 3 * MI]);
        assert_eq!(
            pod(vec![sidecar("1", "1Mi"), container("3", "1Mi")], vec![container("1", "1Mi")]),
            [4_000, 2 * MI]
        );
        assert_eq!(
            pod(vec![container("3", "1Mi"), sidecar("1", "1Mi")], vec![container("1", "1Mi")]),
            [3_000, 2 * MI]
        );
    }

    #[test]
    fn a_limit_stands_for_a_request_and_what_cannot_be_read_for_nothing() {
        let of = |resources: Value| asks(&json!({"containers": [{"name": "c", "resources": resources}]}));
        assert_eq!(of(json!({"limits": {"cpu": 1, "memory": "1Ki"}})), [1_000, 1_024]);
        assert_eq!(of(json!({"limits": {"cpu": "2"}, "requests": {"cpu": "0.5"}})), [500, 0]);
        assert_eq!(of(json!({"requests": {"cpu": "many", "memory": "-1"}})), [0, 0]);
        assert_eq!(
            of(json!({"requests": {"cpu": "1u", "memory": "1m"}})),
            [1, 1],
            "what is finer is rounded up"
        );
        assert_eq!(of(json!(null)), [0, 0]);
    }

    #[test]
    fn amounts_read_as_people_write() {
        for (counted, number, text) in [
            (0, 2_000, "2"),
            (0, 1_500, "1500m"),
            (0, 50, "50m"),
            (1, 2 << 30, "2Gi"),
            (1, 3 << 29, "1.5Gi"),
            (1, 300 << 20, "300Mi"),
            (1, (1 << 30) + 1, "1025Mi"),
            (1, 0, "0Gi"),
        ] {
            assert_eq!(amount(counted, number), text);
        }
    }
}
