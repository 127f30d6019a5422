//! Names a Restate server: where calls go in, where it is looked after, and by which token it lets in.

use reqwest::Url;
use secrecy::SecretString;

use crate::error::{RestateError, RestateErrorKind};

/// Where a server is looked after, unless somebody says where.
const ADMIN_PORT: u16 = 9070;

/// A Restate server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) ingress: Url,
    pub(crate) admin: Url,
    pub(crate) token: Option<SecretString>,
}

impl Server {
    /// Takes the address where calls go in, such as `http://127.0.0.1:8080`. It is looked after at port 9070
    /// of the same host, unless [told otherwise](Self::admin).
    ///
    /// ```
    /// use patterns_restate::Server;
    ///
    /// assert!(Server::new("http://127.0.0.1:8080").is_ok());
    /// let error = Server::new("127.0.0.1:8080").unwrap_err();
    /// assert_eq!(error.to_string(), "`127.0.0.1:8080` is no address of a Restate server: write it as http://HOST:8080 or https://HOST");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if it is no `http` or `https` address, or has a password in it.
    pub fn new(ingress: &str) -> Result<Self, RestateError> {
        let ingress = address(ingress)?;
        let mut admin = ingress.clone();
        // It has a host, so it takes a port.
        let _ = admin.set_port(Some(ADMIN_PORT));
        admin.set_path("/");
        Ok(Self {
            ingress,
            admin,
            token: None,
        })
    }

    /// Says where the server is looked after, such as `http://127.0.0.1:9070`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn admin(mut self, url: &str) -> Result<Self, RestateError> {
        self.admin = address(url)?;
        Ok(self)
    }

    /// Sets the token that is sent with every request.
    ///
    /// # Errors
    ///
    /// Returns an error if one of the addresses is `http` at another host, where whoever is on the way reads
    /// it.
    pub fn token(mut self, token: impl Into<SecretString>) -> Result<Self, RestateError> {
        let exposed = [&self.ingress, &self.admin];
        if let Some(url) = exposed.into_iter().find(|it| is_exposed(it)) {
            let words = format!("a token sent to {url} could be read on the way");
            return Err(RestateError::new(RestateErrorKind::Exposed, words));
        }
        self.token = Some(token.into());
        Ok(self)
    }
}

fn address(text: &str) -> Result<Url, RestateError> {
    let refused = |why: &str| {
        let words = format!("`{text}` is no address of a Restate server: {why}");
        RestateError::new(RestateErrorKind::InvalidAddress, words)
    };
    let form = "write it as http://HOST:8080 or https://HOST";
    let url = Url::parse(text.trim()).map_err(|_| refused(form))?;
    match url.scheme() {
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            // Its words would show the password.
            let words = "the address of a Restate server has a password in it: a token has a place of its own";
            Err(RestateError::new(RestateErrorKind::InvalidAddress, words))
        }
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err(refused("leave out what begins with ? or #"))
        }
        "http" | "https" => Ok(url),
        _ => Err(refused(form)),
    }
}

fn is_exposed(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_near = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    url.scheme() == "http" && !is_near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_or_refused_with_its_reason() {
        for (text, admin) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:9070/"),
            ("https://restate.example/", "https://restate.example:9070/"),
            (" http://h:1/base ", "http://h:9070/"),
        ] {
            assert_eq!(Server::new(text).unwrap().admin.as_str(), admin, "{text}");
        }
        for text in [
            "",
            "h:8080",
            "ftp://h",
            "http://",
            "http://h/?a",
            "http://h/#a",
        ] {
            let error = Server::new(text).unwrap_err();
            assert_eq!(error.kind(), RestateErrorKind::InvalidAddress, "{text}");
        }
        let error = Server::new("http://me:secret@h:8080").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_token_is_not_sent_where_it_can_be_read() {
        let token = |url: &str| Server::new(url).unwrap().token("t").map(|_| ());
        for url in [
            "https://h",
            "http://localhost:8080",
            "http://127.0.0.9",
            "http://[::1]:8080",
        ] {
            assert!(token(url).is_ok(), "{url}");
        }
        let error = token("http://10.0.0.1:8080").unwrap_err();
        assert_eq!(error.kind(), RestateErrorKind::Exposed);
        let server = Server::new("https://h")
            .unwrap()
            .admin("http://h:9070")
            .unwrap();
        assert!(server.token("t").is_err(), "the admin address counts, too");
    }
}
