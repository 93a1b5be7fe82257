// What is read of a machine: texts of x86 and Arm systems, a made-up /proc and /sys, and this
// machine.
#include "capsules/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "capsules/environment_text.h"
#include "capsules/json.h"
#include "tests/capsules/example_record.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TempDir;

constexpr const char* kX86 = R"(processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
physical id	: 0
core id		: 0
flags		: fpu vme smep sme sse4_2 avx hypervisor f16c fma bmi2 avx2 avx512f avx_vnni amx_int8 amx_tile
bogomips	: 5400.00

processor	: 1
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
physical id	: 0
core id		: 0
flags		: fpu vme

processor	: 2
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
physical id	: 1
core id		: 0
flags		: fpu vme
)";

constexpr const char* kArm = R"(processor	: 0
BogoMIPS	: 2100.00
Features	: fp asimd evtstrm aes crc32 atomics fphp asimdhp asimddp sve i8mm bf16 svebf16
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd40
CPU revision	: 1

processor	: 1
Features	: fp asimd
CPU implementer	: 0x41
CPU part	: 0xd40
)";

TEST(CpuInfo, ReadsX86) {
  const CpuInfo info = parse_cpuinfo(kX86);

  EXPECT_EQ(info.model, "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz");
  EXPECT_EQ(info.vendor, "GenuineIntel");
  EXPECT_EQ(info.logical_cpus, 3);
  EXPECT_EQ(info.cores, 2);
  EXPECT_EQ(info.sockets, 2);
  EXPECT_TRUE(info.hypervisor);
}

TEST(CpuInfo, KeepsTheFlagsThatMatterToKernels) {
  EXPECT_THAT(parse_cpuinfo(kX86).isa, ElementsAre("amx_int8", "amx_tile", "avx", "avx2", "avx512f",
                                                   "avx_vnni", "bmi2", "f16c", "fma", "sse4_2"));
  EXPECT_THAT(parse_cpuinfo(kArm).isa,
              ElementsAre("asimd", "asimddp", "asimdhp", "bf16", "fphp", "i8mm", "sve", "svebf16"));
}

TEST(CpuInfo, NamesArmCores) {
  const CpuInfo info = parse_cpuinfo(kArm);

  EXPECT_EQ(info.model, "Neoverse-V1");
  EXPECT_EQ(info.vendor, "ARM");
  EXPECT_EQ(info.logical_cpus, 2);
  EXPECT_FALSE(info.hypervisor);
}

TEST(CpuInfo, KeepsTheNumbersOfUnknownArmCores) {
  EXPECT_EQ(parse_cpuinfo("CPU implementer : 0xc0\nCPU part : 0xac3\n").model, "Ampere part 0xac3");
  EXPECT_EQ(parse_cpuinfo("CPU implementer : 0x99\nCPU part : 0x1\n").vendor, "0x99");
}

TEST(CpuInfo, OfUnknownTextIsEmpty) {
  for (const char* text : {"", "\n\n", "processor", ":::", "flags", "\0\xff"}) {
    const CpuInfo info = parse_cpuinfo(text);
    EXPECT_THAT(info.model, IsEmpty());
    EXPECT_THAT(info.isa, IsEmpty());
    EXPECT_EQ(info.logical_cpus, 0);
  }
}

TEST(OsRelease, PrefersThePrettyName) {
  EXPECT_EQ(parse_os_release("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(parse_os_release("PRETTY_NAME='A \\$ sign'"), "A $ sign");
  EXPECT_EQ(parse_os_release("NAME=Alpine\nVERSION_ID=3.19\n"), "Alpine 3.19");
  EXPECT_EQ(parse_os_release("# nothing\n"), "");
}

TEST(ParseBytes, KnowsTheUnitsOfProcAndSys) {
  EXPECT_EQ(parse_bytes("48K"), 49152);
  EXPECT_EQ(parse_bytes("32M\n"), 33554432);
  EXPECT_EQ(parse_bytes("  16 kB"), 16384);
  EXPECT_EQ(parse_bytes("512"), 512);
  for (const char* text : {"", "K", "-1K", "12 parsecs", "9999999999999999999", "9999999999999G"})
    EXPECT_EQ(parse_bytes(text), 0) << text;
}

TEST(HypervisorName, KnowsSignatures) {
  EXPECT_EQ(hypervisor_name(std::string("KVMKVMKVM\0\0\0", 12)), "KVM");
  EXPECT_EQ(hypervisor_name("Microsoft Hv"), "Hyper-V");
  EXPECT_EQ(hypervisor_name("GenuineIntel"), "");
}

TEST(ReadHardware, JoinsProcAndSys) {
  const TempDir root;
  root.write("proc/cpuinfo", kX86);
  root.write("proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n");
  root.write("sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  root.write("sys/hypervisor/type", "xen\n");
  root.write("sys/devices/system/node/node0/cpulist", "0");
  root.write("sys/devices/system/node/node1/cpulist", "1");
  root.write("sys/devices/system/node/online", "0-1");
  const std::string cpus = "sys/devices/system/cpu/";
  for (const char* cpu : {"cpu0", "cpu1", "cpu2", "cpu10"}) {
    const bool second = std::string(cpu) == "cpu10";
    root.write(cpus + cpu + "/topology/core_cpus_list", second ? "10\n" : "0-2\n");
    root.write(cpus + cpu + "/topology/package_cpus_list", "0-10\n");
    root.write(cpus + cpu + "/cpufreq/scaling_governor", second ? "powersave\n" : "performance\n");
  }
  root.write(cpus + "cpufreq/boost", "1");
  root.write(cpus + "cpu0/cache/index0/level", "1\n");
  root.write(cpus + "cpu0/cache/index0/type", "Data\n");
  root.write(cpus + "cpu0/cache/index0/size", "48K\n");
  root.write(cpus + "cpu0/cache/index2/level", "2\n");
  root.write(cpus + "cpu0/cache/index2/type", "Unified\n");
  root.write(cpus + "cpu0/cache/index2/size", "2048K\n");
  root.write(cpus + "cpu0/cache/index3/level", "3\n");
  root.write("proc/driver/nvidia/gpus/0000:00:04.0/information",
             "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t 16\nGPU UUID: \t GPU-1234\n");

  const HardwareRecord hardware = read_hardware(root.path());

  EXPECT_EQ(hardware.cpu_vendor, "GenuineIntel");
  EXPECT_EQ(hardware.logical_cpus, 3);
  EXPECT_EQ(hardware.cores, 2);
  EXPECT_EQ(hardware.sockets, 1);
  EXPECT_EQ(hardware.memory_bytes, std::int64_t{16384000} * 1024);
  EXPECT_EQ(hardware.numa_nodes, 2);
  EXPECT_EQ(hardware.governor, "performance, powersave");
  EXPECT_EQ(hardware.hypervisor, "xen, Amazon EC2");
  EXPECT_THAT(hardware.gpus, ElementsAre("NVIDIA H100 80GB HBM3"));
  ASSERT_EQ(hardware.caches.size(), 2U);
  EXPECT_EQ(hardware.caches[0].level, "L1d");
  EXPECT_EQ(hardware.caches[1].level, "L2");
  EXPECT_EQ(hardware.caches[1].bytes, 2 << 20);
  EXPECT_EQ(hardware.vector_target, "");
}

TEST(ReadHardware, LeavesEmptyWhatIsHidden) {
  const TempDir root;

  const HardwareRecord hardware = read_hardware(root.path());

  EXPECT_FALSE(hardware.architecture.empty());
  EXPECT_EQ(hardware.cpu_model, "");
  EXPECT_EQ(hardware.cores, 0);
  EXPECT_EQ(hardware.hypervisor, "");
  EXPECT_THAT(hardware.caches, IsEmpty());
}

TEST(ReadHardware, NamesTheHypervisorOfAnArmGuest) {
  const TempDir root;
  root.write("proc/cpuinfo", kArm);
  root.write("proc/device-tree/hypervisor/compatible", std::string("linux,kvm\0x", 11));

  EXPECT_EQ(read_hardware(root.path()).hypervisor, "linux,kvm");
}

TEST(ReadHardware, OfThisMachineFitsInACapsule) {
  Record record = testing::example_record();
  record.hardware = read_hardware();
  record.system = read_system();

  const std::string text = to_json(record);

  EXPECT_EQ(to_json(from_json(text, "c.json")), text);
  EXPECT_GE(record.hardware.logical_cpus, 1);
  EXPECT_GT(record.hardware.memory_bytes, 0);
  EXPECT_FALSE(record.system.os.empty());
  EXPECT_FALSE(record.system.kernel.empty());
}

}  // namespace
}  // namespace fidelio
