//! What no placement can do, shown without trying any: pods that have only some of the nodes ask for more than these have.
//!
//! For one amount alone, as if pods could be cut in pieces, it is a flow from pods to nodes; where the flow is short, the
//! pods and nodes that the last of it can reach are the ones that are too many and too few (Hall's theorem). Pods that all
//! keep apart from one another are a flow of the same form, with room for one on each node.

use std::collections::{BTreeMap, BTreeSet};

use super::{By, Site, Solver, Tight, UNBOUNDED};

/// Looks along an edge that are worth their time; beyond, nothing is claimed.
const LOOKS: usize = 2_000_000;

/// Groups with the same nodes, and what they ask for together.
struct Demand<'a> {
    groups: Vec<usize>,
    nodes: &'a [usize],
    left: u64,
    /// What of it goes to each of the nodes.
    flow: Vec<u64>,
}

impl Solver<'_> {
    /// Groups of a part that ask for too much of their nodes, in sum.
    pub(super) fn short(&self, groups: &[usize], sites: &[Site]) -> Option<Tight> {
        (0..2)
            .find_map(|counted| self.short_of(counted, groups, sites))
            .or_else(|| self.cliques(groups).iter().find_map(|clique| self.too_many(clique, sites)))
    }

    fn short_of(&self, counted: usize, groups: &[usize], sites: &[Site]) -> Option<Tight> {
        let spare: Vec<u64> =
            sites.iter().map(|site| site.left.get(counted).copied().unwrap_or(UNBOUNDED)).collect();
        let endless = |node: &usize| spare.get(*node) == Some(&UNBOUNDED);
        let asked = |index: &usize| {
            let group = self.packing.group(*index);
            let pods = u64::try_from(group.count).unwrap_or(u64::MAX);
            let asked = group.asks.get(counted).copied().unwrap_or_default().saturating_mul(pods);
            (*index, asked, group.nodes.as_slice())
        };
        let bounded =
            groups.iter().map(asked).filter(|(_, asked, nodes)| *asked > 0 && !nodes.iter().any(endless));
        let by = By::Amount(counted);
        let (groups, nodes) = flow(bounded, spare.clone())?;
        // What already stands on these nodes has no other place either.
        let forced = self.forced_on(&nodes, |index| {
            self.packing.group(index).asks.get(counted).is_some_and(|asked| *asked > 0)
        });
        Some(Tight {
            groups: groups.into_iter().chain(forced).collect::<BTreeSet<_>>().into_iter().collect(),
            nodes,
            by,
        })
    }

    fn too_many(&self, clique: &[usize], sites: &[Site]) -> Option<Tight> {
        let met = |site: &Site| {
            clique.iter().any(|index| self.foes(*index).iter().any(|foe| site.here.contains(foe)))
        };
        let spare: Vec<u64> = sites.iter().map(|site| u64::from(!met(site))).collect();
        let pods = clique.iter().map(|index| {
            let group = self.packing.group(*index);
            (*index, u64::try_from(group.count).unwrap_or(u64::MAX), group.nodes.as_slice())
        });
        let (groups, nodes) = flow(pods, spare)?;
        let forced =
            self.forced_on(&nodes, |index| clique.iter().any(|other| self.foes(*other).contains(&index)));
        let groups = groups.into_iter().chain(forced).collect::<BTreeSet<_>>().into_iter().collect();
        Some(Tight { groups, nodes, by: By::Apart })
    }

    fn forced_on(&self, nodes: &[usize], counts: impl Fn(usize) -> bool) -> Vec<usize> {
        let here = |index: &usize| {
            let own = &self.packing.group(*index).nodes;
            self.is_forced(*index) && own.iter().any(|node| nodes.contains(node)) && counts(*index)
        };
        (0..self.packing.groups.len()).filter(here).collect()
    }

    /// Groups that all keep apart from one another and from themselves; each such group is in one of them at least.
    fn cliques(&self, groups: &[usize]) -> Vec<Vec<usize>> {
        let own: Vec<usize> =
            groups.iter().copied().filter(|index| self.foes(*index).contains(index)).collect();
        let mut cliques: Vec<Vec<usize>> = Vec::new();
        for &first in &own {
            if cliques.iter().any(|clique| clique.contains(&first)) {
                continue;
            }
            let mut clique = vec![first];
            for &other in self.foes(first) {
                let fits = own.contains(&other) && clique.iter().all(|one| self.foes(*one).contains(&other));
                if fits && !clique.contains(&other) {
                    clique.push(other);
                }
            }
            clique.sort_unstable();
            cliques.push(clique);
        }
        cliques
    }
}

/// Groups and nodes where the flow is short; none where all of it arrives, or where that takes too long to tell.
fn flow<'a>(
    asked: impl Iterator<Item = (usize, u64, &'a [usize])>,
    mut spare: Vec<u64>,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let mut alike: BTreeMap<&[usize], Demand<'_>> = BTreeMap::new();
    for (group, amount, nodes) in asked {
        let none = || Demand { groups: Vec::new(), nodes, left: 0, flow: vec![0; nodes.len()] };
        let demand = alike.entry(nodes).or_insert_with(none);
        demand.groups.push(group);
        demand.left = demand.left.saturating_add(amount);
    }
    let mut demands: Vec<Demand<'_>> = alike.into_values().collect();
    let mut of_node: Vec<Vec<usize>> = vec![Vec::new(); spare.len()];
    for (index, demand) in demands.iter().enumerate() {
        for node in demand.nodes {
            of_node.get_mut(*node)?.push(index);
        }
    }
    let mut looks = LOOKS;
    for index in 0..demands.len() {
        while demands.get(index)?.left > 0 {
            let reached = Reached::from(index, &demands, &of_node, &spare, &mut looks)?;
            let Some(end) = reached.end else { return Some(reached.named(&demands)) };
            reached.send(index, end, &mut demands, &mut spare)?;
        }
    }
    None
}

/// What a demand can reach: nodes that it may use, demands that could give way there, and so on.
struct Reached {
    /// By node: the demand that reached it.
    nodes: BTreeMap<usize, usize>,
    /// By demand: the node by which it was reached.
    demands: BTreeMap<usize, usize>,
    /// A node with something to spare.
    end: Option<usize>,
}

impl Reached {
    fn from(
        start: usize,
        demands: &[Demand<'_>],
        of_node: &[Vec<usize>],
        spare: &[u64],
        looks: &mut usize,
    ) -> Option<Reached> {
        let mut reached =
            Reached { nodes: BTreeMap::new(), demands: BTreeMap::from([(start, usize::MAX)]), end: None };
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(index) = queue.pop_front() {
            for &node in demands.get(index)?.nodes {
                *looks = looks.checked_sub(1)?;
                if reached.nodes.contains_key(&node) {
                    continue;
                }
                reached.nodes.insert(node, index);
                if *spare.get(node)? > 0 {
                    reached.end = Some(node);
                    return Some(reached);
                }
                for &other in of_node.get(node)? {
                    *looks = looks.checked_sub(1)?;
                    if demands.get(other)?.on(node) > 0 && !reached.demands.contains_key(&other) {
                        reached.demands.insert(other, node);
                        queue.push_back(other);
                    }
                }
            }
        }
        Some(reached)
    }

    /// Back from the node with something to spare to where it is wanted: each demand on the way moves on by one node.
    fn send(&self, start: usize, end: usize, demands: &mut [Demand<'_>], spare: &mut [u64]) -> Option<()> {
        let mut way = Vec::new();
        let mut node = end;
        let mut amount = demands.get(start)?.left.min(*spare.get(end)?);
        loop {
            let index = *self.nodes.get(&node)?;
            let from = *self.demands.get(&index)?;
            way.push((index, node, from));
            if index == start {
                break;
            }
            amount = amount.min(demands.get(index)?.on(from));
            node = from;
        }
        for (index, to, from) in way {
            let demand = demands.get_mut(index)?;
            demand.change(to, |flow| flow.saturating_add(amount));
            demand.change(from, |flow| flow.saturating_sub(amount));
        }
        let start = demands.get_mut(start)?;
        start.left = start.left.saturating_sub(amount);
        let end = spare.get_mut(end)?;
        *end = end.saturating_sub(amount);
        Some(())
    }

    fn named(self, demands: &[Demand<'_>]) -> (Vec<usize>, Vec<usize>) {
        let groups = self.demands.keys().filter_map(|index| demands.get(*index));
        let groups: BTreeSet<usize> = groups.flat_map(|demand| demand.groups.iter().copied()).collect();
        (groups.into_iter().collect(), self.nodes.into_keys().collect())
    }
}

impl Demand<'_> {
    fn on(&self, node: usize) -> u64 {
        let at = self.nodes.iter().position(|own| *own == node);
        at.and_then(|at| self.flow.get(at)).copied().unwrap_or_default()
    }

    fn change(&mut self, node: usize, change: impl Fn(u64) -> u64) {
        let at = self.nodes.iter().position(|own| *own == node);
        if let Some(flow) = at.and_then(|at| self.flow.get_mut(at)) {
            *flow = change(*flow);
        }
    }
}
