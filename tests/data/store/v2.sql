-- A store of format 2 with a little of everything. Frozen: releases wrote such files.
CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,            -- SHA-256; the token itself is not stored
  platform TEXT NOT NULL,           -- empty: any
  expire_ms INTEGER NOT NULL,
  used_by TEXT NOT NULL DEFAULT ''  -- agent
) WITHOUT ROWID;

CREATE TABLE boards (
  platform TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,        -- of the board that enrolled first
  backend TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  platform TEXT NOT NULL REFERENCES boards(platform),
  credential_hash TEXT NOT NULL UNIQUE,
  revoked INTEGER NOT NULL DEFAULT 0,
  record BLOB NOT NULL              -- latimer.v1.Agent; state and counters are computed
) WITHOUT ROWID;

CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  platform TEXT NOT NULL,
  state INTEGER NOT NULL,
  record BLOB NOT NULL              -- latimer.v1.Campaign; progress is computed
);

-- One thing to measure, for a campaign or for a person who waits (campaign 0).
CREATE TABLE tasks (
  measurement_id TEXT PRIMARY KEY,
  campaign INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  position INTEGER NOT NULL,
  platform TEXT NOT NULL,
  kind INTEGER NOT NULL,            -- benchmark::MeasurementKind
  name TEXT NOT NULL,
  subject BLOB NOT NULL,            -- latimer.v1.Network whose time is wanted
  network BLOB NOT NULL,            -- latimer.v1.NetworkSource that is run
  layer_report INTEGER NOT NULL,
  state INTEGER NOT NULL,           -- 0 waiting, 1 leased, 2 measured, 3 failed, 4 dropped
  job TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '',
  lease_ms INTEGER NOT NULL DEFAULT 0,
  leases INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX tasks_waiting ON tasks(platform, state, campaign, stage, position);
CREATE INDEX tasks_of_campaign ON tasks(campaign, stage, state);
CREATE INDEX tasks_of_job ON tasks(job);

CREATE TABLE measurements (
  measurement_id TEXT PRIMARY KEY,
  platform TEXT NOT NULL,
  campaign INTEGER NOT NULL,
  agent TEXT NOT NULL,
  network_hash TEXT NOT NULL,       -- of the network that was run
  fingerprint TEXT NOT NULL,
  ok INTEGER NOT NULL,
  receive_ms INTEGER NOT NULL,
  board_seconds REAL NOT NULL,
  record BLOB NOT NULL              -- latimer.v1.Measurement
) WITHOUT ROWID;
CREATE INDEX measurements_of_network ON measurements(platform, network_hash, ok, receive_ms);
CREATE INDEX measurements_of_campaign ON measurements(campaign);
CREATE INDEX measurements_of_agent ON measurements(agent, receive_ms);

CREATE TABLE model_versions (
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  number INTEGER NOT NULL,
  create_ms INTEGER NOT NULL,
  campaign INTEGER NOT NULL,
  measurements INTEGER NOT NULL,
  validation_mape REAL NOT NULL,    -- negative: not judged
  active INTEGER NOT NULL,
  promoted INTEGER NOT NULL,        -- has answered, now or once
  rejection TEXT NOT NULL,          -- why it was not promoted
  model BLOB NOT NULL,              -- latimer.model.v1.PlatformModel
  PRIMARY KEY (platform, version)
) WITHOUT ROWID;

-- What a model version predicted for networks that were measured.
CREATE TABLE evaluations (
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  network TEXT NOT NULL,
  predicted_ms REAL NOT NULL,
  measured_ms REAL NOT NULL,
  PRIMARY KEY (platform, version, network)
) WITHOUT ROWID;
-- Memory written between the runs of a task.
ALTER TABLE tasks ADD COLUMN flush_bytes INTEGER NOT NULL DEFAULT 0;

INSERT INTO tokens(hash, platform, expire_ms) VALUES('hash of a token', 'board', 5000);
INSERT INTO boards(platform, fingerprint, backend) VALUES('board', X'0a0764696765737431', 'onnxruntime');
INSERT INTO agents(id, platform, credential_hash, record) VALUES('a1', 'board', 'hash of a credential', X'0a096167656e74732f613112096f6c6420626f6172641a0f706c6174666f726d732f626f617264220b6f6e6e7872756e74696d65');
INSERT INTO campaigns(platform, state, record) VALUES('board', 3, X'');
INSERT INTO tasks(measurement_id, campaign, stage, position, platform, kind, name, subject, network, layer_report, state, flush_bytes)
  VALUES('m1', 1, 0, 0, 'board', 0, 'first', X'', X'', 0, 2, 64),
        ('m2', 1, 0, 1, 'board', 0, 'second', X'', X'', 0, 0, 64);
INSERT INTO measurements(measurement_id, platform, campaign, agent, network_hash, fingerprint, ok, receive_ms,
                         board_seconds, record) VALUES('m1', 'board', 1, 'a1', 'h', 'digest1', 1, 7, 0.5, X'0a026d31');
INSERT INTO model_versions(platform, version, number, create_ms, campaign, measurements, validation_mape, active, promoted,
                           rejection, model) VALUES('board', 'fit-1', 1, 9, 1, 1, 0.1, 1, 1, '', X'');
PRAGMA user_version=2;
