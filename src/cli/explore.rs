//! `quorate explore`: serves the page on which runs are looked at.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::args::ExploreArgs;
use super::source::read_one;
use super::{CliError, Session, Streams, ad_hoc, find};
use crate::exit::Exit;
use crate::explorer::{Shelf, serve, token};
use crate::report::style::{FAINT, STRONG, paint};
use crate::spec::Check;
use crate::trace::{CODE_PREFIX, Code};

/// What is explored, as the command line names it.
struct Opened {
    /// The code with which the page begins; empty for the list of what there is.
    code: String,
    checks: Vec<Check>,
}

pub(super) fn explore(session: &Session<'_>, args: &ExploreArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let Opened { code, checks } = open(session, args)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let cannot = |error| CliError::Usage(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let token = token();
    let place = if code.is_empty() { String::new() } else { format!("#{code}") };
    writeln!(streams.out, "http://{address}/?token={token}{place}")?;
    writeln!(
        streams.err,
        "{}",
        paint(FAINT, "open this address in a browser on this machine; Ctrl-C ends the explorer")
    )?;
    streams.out.flush()?;
    let shelf = Shelf { catalogue: session.catalogue, checks };
    serve(listener, &shelf, &token, &session.interrupted)?;
    writeln!(streams.err, "{}", paint(STRONG, "the explorer has ended"))?;
    Ok(Exit::Expected)
}

/// A protocol begins at its start, a trace where it ends; a manifest and the project begin with a list.
fn open(session: &Session<'_>, args: &ExploreArgs) -> Result<Opened, CliError> {
    let root = find::root(session)?;
    let of_project = || match find::project_manifests(session, root.as_ref()) {
        Ok(files) => Ok(find::read_all(session, &files)?),
        Err(CliError::NothingSelected(_)) => Ok(Vec::new()),
        Err(other) => Err(other),
    };
    let checks = |manifests: Vec<crate::spec::Manifest>| manifests.into_iter().flat_map(|one| one.checks).collect();
    let target = args.target.as_deref();
    if target.is_none_or(|target| session.entry(target).is_none()) && ad_hoc::is_any_given(&args.instance) {
        let message = "options that say which instance is explored go with the name of a protocol";
        return Err(CliError::Usage(message.to_owned()));
    }
    let Some(target) = target else {
        return Ok(Opened { code: String::new(), checks: checks(of_project()?) });
    };
    if session.entry(target).is_some() {
        let check = ad_hoc::check(session, target, &args.instance)?;
        return Ok(Opened { code: Code::of_start(&check.instance), checks: checks(of_project()?) });
    }
    // A code is opened as it is: the page says where it can no longer be followed.
    if target.trim_start().starts_with(CODE_PREFIX) {
        return Ok(Opened { code: target.trim().to_owned(), checks: Vec::new() });
    }
    if is_trace(target) {
        let trace = read_one(session, target)?.trace;
        return Ok(Opened {
            code: Code::of_trace(&trace, session.catalogue).map_err(CliError::Gone)?,
            checks: Vec::new(),
        });
    }
    let manifests = find::read_all(session, &find::target(session, target)?)?;
    Ok(Opened { code: String::new(), checks: checks(manifests) })
}

fn is_trace(target: &str) -> bool {
    std::path::Path::new(target).extension().is_some_and(|extension| extension == "json")
}
