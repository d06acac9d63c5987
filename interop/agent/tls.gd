extends Object
## Options for `wss:`, from the files of the test program.


static func server() -> TLSOptions:
	var key := CryptoKey.new()
	var certificate := X509Certificate.new()
	assert(key.load("res://tls/server.key") == OK)
	assert(certificate.load("res://tls/server.crt") == OK)
	return TLSOptions.server(key, certificate)


static func client() -> TLSOptions:
	var authority := X509Certificate.new()
	assert(authority.load("res://tls/authority.crt") == OK)
	# The name is checked against the certificate, but not resolved, which a bare root folder does not support.
	return TLSOptions.client(authority, "localhost")
