# What floor.c does, in Perl and as one would write it there.
use strict;
use warnings;
use Socket;
use Sys::Syslog;

my ($port, $address) = sockaddr_in(getpeername(STDIN));
openlog('tarpit', 'pid', 'mail');
$| = 1;
print "220 mx.example.org ESMTP\r\n";
while (<STDIN>) { }
