//! Which short forms stand at a place of the format.

use stackc::stack::expand::{Long, Short};

/// The short forms below a place.
#[derive(Clone)]
pub(super) struct Rows(Vec<(&'static [&'static str], Long)>);

impl Rows {
    /// Of a file's root.
    pub(super) fn new(shorts: &'static [Short]) -> Rows {
        let rows = shorts.iter().map(|row| (row.place, row.long)).collect();
        Rows(rows).opened()
    }

    /// All of a file, by their whole places.
    pub(super) fn all(shorts: &'static [Short]) -> Vec<(Vec<&'static str>, Long)> {
        let inside = |row: &'static Short| match row.long {
            Long::Inside(inside) => {
                let below = Rows::all(inside).into_iter();
                below.map(|(place, long)| ([row.place, &place].concat(), long)).collect()
            }
            long => vec![(row.place.to_vec(), long)],
        };
        shorts.iter().flat_map(inside).collect()
    }

    /// Below a key; `*` for any.
    pub(super) fn below(&self, key: &str) -> Rows {
        let below = self.0.iter().filter_map(|(place, long)| {
            let (first, rest) = place.split_first()?;
            (*first == key || *first == "*").then_some((rest, *long))
        });
        Rows(below.collect()).opened()
    }

    /// What may stand here instead of the long form.
    pub(super) fn here(&self) -> Option<Long> {
        let mut here = self.0.iter().filter(|(place, _)| place.is_empty()).map(|(_, long)| *long);
        let one = here.next();
        assert!(here.next().is_none(), "two short forms at one place");
        one
    }

    /// Rows that stand inside of others take their place.
    fn opened(self) -> Rows {
        let mut rows = Vec::new();
        for (place, long) in self.0 {
            match long {
                Long::Inside(inside) if place.is_empty() => rows.extend(Rows::new(inside).0),
                _ => rows.push((place, long)),
            }
        }
        Rows(rows)
    }
}
