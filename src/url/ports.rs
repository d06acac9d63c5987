//! The ports that browsers refuse to connect to.
//!
//! They belong to other protocols, whose servers a page could harm by its requests: a mail server, for instance, reads
//! the lines of a request as commands. Source: Fetch Standard, section 2.9 (port blocking). Its bad port 0 is missing
//! here because no accepted URL has it.

/// The bad ports of the Fetch Standard, in ascending order.
const BLOCKED: [u16; 82] = [
    1,     // tcpmux
    7,     // echo
    9,     // discard
    11,    // systat
    13,    // daytime
    15,    // netstat
    17,    // qotd
    19,    // chargen
    20,    // ftp-data
    21,    // ftp
    22,    // ssh
    23,    // telnet
    25,    // smtp
    37,    // time
    42,    // name
    43,    // nicname
    53,    // domain
    69,    // tftp
    77,    // any private remote job entry
    79,    // finger
    87,    // any private terminal link
    95,    // supdup
    101,   // hostname
    102,   // iso-tsap
    103,   // gppitnp
    104,   // acr-nema
    109,   // pop2
    110,   // pop3
    111,   // sunrpc
    113,   // auth
    115,   // sftp
    117,   // uucp-path
    119,   // nntp
    123,   // ntp
    135,   // epmap
    137,   // netbios-ns
    139,   // netbios-ssn
    143,   // imap
    161,   // snmp
    179,   // bgp
    389,   // ldap
    427,   // svrloc
    465,   // submissions
    512,   // exec
    513,   // login
    514,   // shell
    515,   // printer
    526,   // tempo
    530,   // courier
    531,   // chat
    532,   // netnews
    540,   // uucp
    548,   // afp
    554,   // rtsp
    556,   // remotefs
    563,   // nntps
    587,   // submission
    601,   // syslog-conn
    636,   // ldaps
    989,   // ftps-data
    990,   // ftps
    993,   // imaps
    995,   // pop3s
    1719,  // h323gatestat
    1720,  // h323hostcall
    1723,  // pptp
    2049,  // nfs
    3659,  // apple-sasl
    4045,  // npp
    4190,  // sieve
    5060,  // sip
    5061,  // sips
    6000,  // x11
    6566,  // sane-port
    6665,  // ircu
    6666,  // ircu
    6667,  // ircu
    6668,  // ircu
    6669,  // ircu
    6679,  // osaut
    6697,  // ircs-u
    10080, // amanda
];

/// Returns `true` if browsers refuse to connect to this port.
pub(super) fn is_blocked(port: u16) -> bool {
    BLOCKED.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_binary_search() {
        assert!(BLOCKED.is_sorted());
        assert!(BLOCKED.into_iter().all(is_blocked));
    }

    #[test]
    fn ports_of_the_web_and_of_games_are_not_blocked() {
        for port in [80, 443, 1024, 3000, 5173, 6664, 6670, 7777, 8080, 8443, 9080, 9081, 10079, 10081, 65535]
        {
            assert!(!is_blocked(port), "{port}");
        }
    }
}
