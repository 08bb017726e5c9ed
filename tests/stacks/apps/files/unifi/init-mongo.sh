#!/bin/bash
mongosh <<EOF
use ${MONGO_AUTHSOURCE}
db.auth("${MONGO_INITDB_ROOT_USERNAME}", "${MONGO_INITDB_ROOT_PASSWORD}")
db.createUser({user: "${MONGO_USER}", pwd: "${MONGO_PASS}", roles: [{db: "${MONGO_DBNAME}", role: "dbOwner"}]})
EOF
