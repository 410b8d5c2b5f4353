"""What floor.c does, in Python and as one would write it there."""

import socket
import sys
import syslog

peer = socket.socket(fileno=0)
peer.getpeername()
syslog.openlog("tarpit", syslog.LOG_PID, syslog.LOG_MAIL)
peer.sendall(b"220 mx.example.org ESMTP\r\n")
for line in peer.makefile("rb"):
    pass
