"""A profile for Fast DDS under which a process that is killed is missed soon."""

PROFILE = """\
<?xml version="1.0" encoding="UTF-8" ?>
<profiles xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles">
  <participant profile_name="short_lease" is_default_profile="true"><rtps><builtin>
    <discovery_config>
      <leaseDuration><sec>2</sec></leaseDuration>
      <leaseAnnouncement><sec>0</sec><nanosec>500000000</nanosec></leaseAnnouncement>
    </discovery_config>
  </builtin></rtps></participant>
</profiles>
"""


def with_short_lease(environment, folder):
    """The environment of a process that is missed 2 s after it was killed."""
    profile = folder / 'short_lease.xml'
    profile.write_text(PROFILE, encoding='utf-8')
    return {
        **environment,
        'FASTDDS_DEFAULT_PROFILES_FILE': str(profile),
        'FASTRTPS_DEFAULT_PROFILES_FILE': str(profile),  # its name in Humble
    }
