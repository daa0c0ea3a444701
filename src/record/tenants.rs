//! `tenants.csv`: what is asked for each tenant and refused, and the way back.

use serde::{Deserialize, Serialize};

use super::Record;
use super::cells::{csv_text, number, parse};
use super::read::{ReadError, RunFile};
use crate::metric::TENANT_COUNTS;

/// Stands in place of a number for the tenants that have no row of their own.
const OTHERS: &str = "others";

/// What was asked for a tenant and refused, means over replications; or the same of all tenants together that are not told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantCounts {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of its app; empty for tenants together.
    pub app: String,
    /// Its number among those of the app, from 0; none for tenants together.
    pub tenant: Option<u32>,
    /// How many tenants these are.
    pub tenants: u32,
    /// Replications that were finished.
    pub replications: u32,
    /// In the order of [`TENANT_COUNTS`].
    pub means: [f64; TENANT_COUNTS.len()],
}

const BEFORE: [&str; 7] = [
    "scenario",
    "strategy",
    "point",
    "app",
    "tenant",
    "tenants",
    "replications",
];

const HEADER: [&str; BEFORE.len() + TENANT_COUNTS.len() + 1] = {
    let mut header = ["run"; BEFORE.len() + TENANT_COUNTS.len() + 1];
    let mut at = 0;
    while at + 1 < header.len() {
        header[at] = match at < BEFORE.len() {
            true => BEFORE[at],
            false => TENANT_COUNTS[at - BEFORE.len()],
        };
        at += 1;
    }
    header
};

/// `tenants.csv`: one row per tenant, strategy by strategy.
pub(super) fn csv(record: &Record) -> String {
    let manifest = &record.manifest;
    let rows = record.tenants.iter().map(|of| {
        let before = [
            manifest.scenario.clone(),
            of.strategy.clone(),
            of.point.clone(),
            of.app.clone(),
            of.tenant.map_or_else(|| OTHERS.to_owned(), |tenant| tenant.to_string()),
            of.tenants.to_string(),
            of.replications.to_string(),
        ];
        let means = of.means.iter().map(|&mean| number(Some(mean)));
        let mut cells = before.into_iter().chain(means).chain([manifest.run.clone()]);
        std::array::from_fn(|_| cells.next().expect("as many as the header has"))
    });
    csv_text(&HEADER, rows)
}

/// The rows of the file, in its order.
pub(super) fn read(file: &RunFile<'_>) -> Result<Vec<TenantCounts>, ReadError> {
    file.rows(&HEADER, |row| {
        let [_, strategy, point, app, tenant, tenants, replications, ..] = row;
        let count = |cell: &str| cell.parse().map_err(|_| format!("`{cell}` is not a count"));
        let mut means = [0.0; TENANT_COUNTS.len()];
        for ((mean, cell), name) in means.iter_mut().zip(&row[BEFORE.len()..]).zip(TENANT_COUNTS) {
            *mean = parse(cell)?.ok_or_else(|| format!("{name} is empty"))?;
        }
        Ok(TenantCounts {
            strategy: (*strategy).to_owned(),
            point: (*point).to_owned(),
            app: (*app).to_owned(),
            tenant: if *tenant == OTHERS { None } else { Some(count(tenant)?) },
            tenants: count(tenants)?,
            replications: count(replications)?,
            means,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;
    use crate::record::layout::TENANTS;

    #[test]
    fn tenants_come_back_and_leave_no_trace_where_there_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = fake::dozen();
        let counts = |tenant: Option<u32>, tenants: u32| TenantCounts {
            strategy: record.strategies[0].clone(),
            point: String::new(),
            app: tenant.map_or("", |_| "-connector").to_owned(),
            tenant,
            tenants,
            replications: 3,
            means: std::array::from_fn(|at| at as f64 / 3.0),
        };
        record.tenants = vec![counts(Some(0), 1), counts(Some(7), 1), counts(None, 9_000)];
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
        let path = dir.path().join(TENANTS);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("{},{},run\n", BEFORE.join(","), TENANT_COUNTS.join(","))));
        std::fs::write(&path, text.replacen(",0,1,3,", ",first,1,3,", 1)).unwrap();
        let error = Record::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("line 2: `first` is not a count"), "{error}");
        std::fs::write(&path, text.replacen(",7,1,3,", ",8,1,3,", 1)).unwrap();
        let error = Record::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("is not what the run has written"), "{error}");
        // A file of a run that has it, beside one that has none.
        fake::dozen().save(dir.path()).unwrap();
        assert!(!path.exists());
        std::fs::write(&path, text).unwrap();
        assert!(Record::load(dir.path()).is_err());
    }
}
