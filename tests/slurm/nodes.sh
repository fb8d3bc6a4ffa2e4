#!/usr/bin/env bash
# A real SLURM of several nodes, all of them this machine, for the tests that need one (as root, on Debian or Ubuntu):
#   tests/slurm/nodes.sh start N DIR   installs what is missing, and starts N nodes with all their state in DIR
#   tests/slurm/nodes.sh stop DIR      ends exactly the processes that start began
# Between the two: export SLURM_CONF=DIR/slurm.conf
set -euo pipefail
case ${1:-} in
start)
  nodes=$2
  mkdir -p "$3"
  dir=$(realpath "$3")
  if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge >/dev/null
  fi
  mkdir -p "$dir"/{state,spool,log} /run/munge
  chown -R munge:munge /run/munge /var/lib/munge /var/log/munge
  [ -f /etc/munge/munge.key ] || mungekey --create
  chown munge:munge /etc/munge/munge.key
  if ! munge -n >/dev/null 2>&1; then
    runuser -u munge -- /usr/sbin/munged --force
    touch "$dir/munged"
  fi
  host=$(hostname -s)
  memory=$(($(awk '/MemTotal/{print $2}' /proc/meminfo) / 1024 / (nodes + 1)))
  cat >"$dir/slurm.conf" <<CONF
ClusterName=several
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/%n.log
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
# A node that does not answer so many seconds is lost, and its jobs go back into the queue.
SlurmdTimeout=15
ReturnToService=2
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-$((17000 + nodes))] CPUs=1 RealMemory=$memory State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$dir/slurm.conf
  slurmctld -f "$SLURM_CONF"
  for node in $(seq "$nodes"); do
    mkdir -p "$dir/spool/n$node"
    slurmd -f "$SLURM_CONF" -N "n$node"
  done
  for _ in $(seq 60); do
    [ "$(sinfo -h -N -t idle | wc -l)" = "$nodes" ] && echo "ready: export SLURM_CONF=$SLURM_CONF" && exit
    sleep 1
  done
  echo "not all nodes became idle; see $dir/log" >&2
  exit 1
  ;;
stop)
  dir=$(realpath "$2")
  for pid in "$dir"/*.pid; do
    [ -f "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true
  done
  [ -f "$dir/munged" ] && kill "$(cat /run/munge/munged.pid)" 2>/dev/null || true
  ;;
*)
  echo "usage: nodes.sh start N DIR | stop DIR" >&2
  exit 2
  ;;
esac
