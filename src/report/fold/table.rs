//! A map that may become large: its hash table has only places, so that it stays near the processor, and
//! growing moves little.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hash};

/// Keys and values in the order in which they came.
pub struct Table<K, V> {
    hasher: DefaultHashBuilder,
    places: HashTable<u32>,
    all: Vec<(K, V)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { hasher: DefaultHashBuilder::default(), places: HashTable::default(), all: Vec::new() }
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    fn find(&self, hash: u64, key: &K) -> Option<usize> {
        let same = |place: &u32| self.all.get(*place as usize).is_some_and(|(known, _)| known == key);
        self.places.find(hash, same).map(|place| *place as usize)
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.find(self.hasher.hash_one(key), key)?;
        self.all.get(place).map(|(_, value)| value)
    }

    /// The value of a key, which is a new one if there is none.
    pub fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let hash = self.hasher.hash_one(&key);
        let place = match self.find(hash, &key) {
            Some(place) => place,
            None => {
                let Table { hasher, places, all } = self;
                let again = |place: &u32| all.get(*place as usize).map_or(0, |(key, _)| hasher.hash_one(key));
                // More than that fit no memory.
                places.insert_unique(hash, u32::try_from(all.len()).unwrap_or(u32::MAX), again);
                all.push((key, new()));
                all.len() - 1
            }
        };
        &mut self.all[place].1
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.all.iter().map(|(key, value)| (key, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.all.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    proptest::proptest! {
        #[test]
        fn it_has_what_any_map_has(keys in proptest::collection::vec(0..300_u64, 0..600)) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for key in keys {
                *table.entry(key, || 0) += 1;
                *map.entry(key).or_insert(0) += 1;
            }
            for key in 0..300 {
                proptest::prop_assert_eq!(table.get(&key), map.get(&key));
            }
            let mut all: Vec<_> = table.iter().collect();
            all.sort_unstable();
            proptest::prop_assert_eq!(all, map.iter().collect::<Vec<_>>());
        }
    }
}
