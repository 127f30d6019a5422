//! Checks what a connection is made of.

use patterns_core::{AnswerFormat, ModelId};
use secrecy::{ExposeSecret, SecretString};

use super::Connect;
use crate::address::checked_url;
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::layer::BudgetLayer;
use crate::price;
use crate::provider::{Place, Rates};
use crate::tier::Tier;

/// Returns the key as it is sent, if there is one.
pub(super) fn key(connect: &Connect) -> Result<Option<SecretString>, ConnectError> {
    let key = connect.key.as_ref().map(|key| key.expose_secret().trim());
    let key = key.filter(|key| !key.is_empty()).map(SecretString::from);
    if key.is_none() && connect.provider.needs_key {
        let message = format!("{} needs an API key", connect.provider.maker);
        return Err(ConnectError::new(ConnectErrorKind::MissingKey, message));
    }
    Ok(key)
}

/// Returns the base URL in one spelling.
pub(super) fn base_url(connect: &Connect) -> Result<String, ConnectError> {
    let usual = connect.provider.usual_base_url;
    match (&connect.base_url, usual) {
        (Some(url), _) => checked_url(url).map(|it| connect.provider.root(it)),
        (None, Some(usual)) => Ok(usual.to_owned()),
        (None, None) => {
            let name = connect.provider.name;
            let message = format!("`{name}` has no usual server: set its base URL");
            Err(ConnectError::new(ConnectErrorKind::MissingBaseUrl, message))
        }
    }
}

/// Returns what a dialect has to know of where it asks.
pub(super) fn place(connect: &Connect) -> Result<Place, ConnectError> {
    let version = connect.api_version.as_deref().map(str::trim);
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
    let name = connect.provider.name;
    let why = match version {
        Some(_) if !connect.provider.has_versions => "is for deployments of Azure",
        Some(version) if version.is_empty() || !version.bytes().all(is_plain) => {
            "is a date such as 2024-10-21, or preview"
        }
        _ => {
            return Ok(Place {
                model: connect.model.clone(),
                api_version: version.map(str::to_owned),
            });
        }
    };
    let message = format!("the API version of `{name}` {why}");
    Err(ConnectError::new(
        ConnectErrorKind::InvalidApiVersion,
        message,
    ))
}

/// Returns the formats that are asked for, of those that servers of this kind may know.
pub(super) fn formats(
    connect: &Connect,
    known: &'static [AnswerFormat],
) -> Result<&'static [AnswerFormat], ConnectError> {
    let Some(format) = connect.answer_format else {
        return Ok(known);
    };
    let at = known.iter().position(|it| *it == format);
    at.map(|at| &known[at..=at]).ok_or_else(|| {
        let maker = connect.provider.maker;
        let message = format!("{maker} is never asked for {format}");
        ConnectError::new(ConnectErrorKind::UnknownFormat, message)
    })
}

/// A cap on cost cannot be kept where nobody knows the price.
pub(super) fn budgeted(connect: &Connect, id: &ModelId) -> Result<BudgetLayer, ConnectError> {
    let (budget, price) = (connect.budget.clone(), connect.prices.find(id));
    if price.is_none() && budget.caps().max_cost.is_some() {
        let name = price::name(id);
        let message = format!("the price of {name} is not known, so a cap on cost cannot be kept");
        return Err(ConnectError::new(ConnectErrorKind::UnknownPrice, message));
    }
    Ok(BudgetLayer::new(budget, price))
}

/// Returns what the model costs, by the tier that it answers at.
pub(super) fn rates(connect: &Connect, id: &ModelId) -> Rates {
    Rates {
        standard: connect.prices.find(id),
        flex: connect.prices.find_at(id, Tier::Flex),
    }
}
